/// <reference lib="dom" />
/**
 * The pictures to choose from: those that ship, and the user's.
 *
 * @module
 */

import { byId, make } from "./dom.ts";

/** The pictures that ship: file and alternative text. */
const samples = [
  ["chelsea.png", "A cat"],
  ["astronaut.png", "An astronaut"],
  ["coffee.png", "A cup of coffee"],
  ["rocket.jpg", "A rocket launch"],
] as const;

/** The thumbnails under the picture. */
export class PictureStrip {
  readonly #element = byId("samples", HTMLElement);
  readonly #sources = new Map<string, URL | Blob>();
  readonly #choose: (name: string) => void;

  /** @param choose Called with the picture that was clicked. */
  constructor(choose: (name: string) => void) {
    this.#choose = choose;
    for (const [file, alt] of samples) {
      this.#add(file, new URL(`images/${file}`, document.baseURI), alt);
    }
  }

  /** The names of all pictures. */
  get names(): readonly string[] {
    return [...this.#sources.keys()];
  }

  /** Those of these pictures that are here; the first one of all, if none is. */
  known(names: readonly string[]): readonly string[] {
    const known = names.filter((name) => this.#sources.has(name));
    return known.length > 0 ? known : this.names.slice(0, 1);
  }

  /** Adds the user's pictures, and returns their names. */
  add(files: readonly File[]): string[] {
    return files.map((file) => {
      let name = file.name || "picture";
      for (let i = 2; this.#sources.has(name); i++) name = `${file.name} ${i}`;
      this.#add(name, file, name);
      return name;
    });
  }

  /** Marks the pictures on screen. */
  mark(names: readonly string[]): void {
    for (const button of this.#element.querySelectorAll("button")) {
      button.ariaPressed = `${names.includes(button.dataset.name!)}`;
    }
  }

  /** A picture's file. */
  async open(name: string): Promise<Blob> {
    const source = this.#sources.get(name)!;
    if (source instanceof Blob) return source;
    const response = await fetch(source);
    if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
    return await response.blob();
  }

  #add(name: string, source: URL | Blob, alt: string): void {
    this.#sources.set(name, source);
    const src = source instanceof Blob
      ? URL.createObjectURL(source)
      : source.href;
    const image = make("img", { src, alt, width: 64, height: 64 });
    const button = make("button", {
      type: "button",
      title: alt,
      ariaPressed: "false",
      onclick: () => this.#choose(name),
    }, image);
    button.dataset.name = name;
    image.onerror = () => button.remove(); // It is no picture.
    this.#element.append(button);
  }
}
