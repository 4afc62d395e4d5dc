/// <reference lib="dom" />
/**
 * Files that the user chooses, drops or pastes.
 *
 * @module
 */

import { byId } from "./dom.ts";

/** Called with the user's files. */
export interface FileEvents {
  pictures(files: File[]): void;
  weights(file: File): void;
  /** Names of classes. */
  names(file: File): void;
}

/** Listens for files. */
export function listenForFiles(events: FileEvents): void {
  const input = (id: string, use: (files: File[]) => void) => {
    const element = byId(id, HTMLInputElement);
    element.onchange = () => {
      const files = [...element.files!];
      element.value = ""; // Lets the user choose the same file again.
      if (files.length > 0) use(files);
    };
  };
  input("picture-file", events.pictures);
  input("weights-file", ([file]) => events.weights(file));
  input("names-file", ([file]) => events.names(file));

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
    const files = [...event.dataTransfer?.files ?? []];
    const pictures = files.filter(isPicture);
    if (pictures.length > 0) events.pictures(pictures);
    for (const file of files) {
      if (isNames(file)) events.names(file);
      else if (!isPicture(file)) events.weights(file);
    }
  });
  document.addEventListener("paste", ({ clipboardData }) => {
    const files = [...clipboardData?.files ?? []].filter(isPicture);
    if (files.length > 0) events.pictures(files);
  });
}

const isPicture = ({ type }: File) => type.startsWith("image/");
const isNames = ({ name }: File) => /\.(txt|json)$/i.test(name);
