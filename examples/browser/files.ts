/// <reference lib="dom" />
/**
 * Example pictures, and files that the user chooses, drops or pastes.
 *
 * @module
 */

import { byId, make } from "./dom.ts";

/** The example pictures: file and alternative text. */
const samples = [
  ["chelsea.png", "A cat"],
  ["astronaut.png", "An astronaut"],
  ["coffee.png", "A cup of coffee"],
  ["rocket.jpg", "A rocket launch"],
] as const;

/** Called with the user's files. */
export interface FileEvents {
  picture(file: Blob): void;
  weights(file: File): void;
}

/** The URL of the first picture. */
export const firstPicture: URL = sampleUrl(samples[0][0]);

function sampleUrl(file: string): URL {
  return new URL(`images/${file}`, document.baseURI);
}

/** Fetches an example picture. */
export async function fetchPicture(url: URL): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: HTTP ${response.status}`);
  return await response.blob();
}

/** Shows the example pictures and listens for files. */
export function listenForFiles(
  { picture, weights }: FileEvents,
  choose: (url: URL) => void,
): void {
  byId("samples", HTMLElement).append(...samples.map(([file, alt]) => {
    const src = sampleUrl(file).href;
    const thumbnail = make("img", { src, alt, width: 64, height: 64 });
    return make("button", {
      type: "button",
      onclick: () => choose(sampleUrl(file)),
    }, thumbnail);
  }));
  const input = (id: string, use: (file: File) => void) => {
    const element = byId(id, HTMLInputElement);
    element.onchange = () => {
      const [file] = element.files!;
      if (file) use(file);
      element.value = ""; // Lets the user choose the same file again.
    };
  };
  input("picture-file", picture);
  input("weights-file", weights);

  const dropping = (isOver: boolean) =>
    document.body.classList.toggle("dropping", isOver);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) dropping(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    dropping(false);
    for (const file of event.dataTransfer?.files ?? []) {
      if (isPicture(file)) picture(file);
      else weights(file);
    }
  });
  document.addEventListener("paste", ({ clipboardData }) => {
    const file = [...clipboardData?.files ?? []].find(isPicture);
    if (file) picture(file);
  });
}

const isPicture = ({ type }: File) => type.startsWith("image/");
