/// <reference lib="dom" />
/**
 * Files that somebody chooses or drops, and the pictures that are there.
 *
 * @module
 */

import { byId, make } from "./dom.ts";

/** The pictures that are there: file and what it shows. */
const samples = [
  ["chelsea.png", "A cat"],
  ["astronaut.png", "An astronaut"],
  ["coffee.png", "A cup of coffee"],
  ["rocket.jpg", "A rocket's launch"],
] as const;

/** What becomes of files. */
export interface FileEvents {
  picture(file: Blob): void;
  weights(file: File): void;
}

/** The URL of the picture that is shown first. */
export const firstPicture: URL = sampleUrl(samples[0][0]);

function sampleUrl(file: string): URL {
  return new URL(`images/${file}`, document.baseURI);
}

/** Fetches a picture that is there. */
export async function fetchPicture(url: URL): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: HTTP ${response.status}`);
  return await response.blob();
}

/** Listens for files. */
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
      element.value = ""; // So that the same file can be chosen again.
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
