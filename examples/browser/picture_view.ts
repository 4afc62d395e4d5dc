/// <reference lib="dom" />
/**
 * One picture with a map laid over it, and the places in it.
 *
 * @module
 */

import type { ValueRange } from "../../src/drawing/color_map.ts";
import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import { inferno, paint } from "./colors.ts";
import { context, make } from "./dom.ts";
import type { Place } from "./screen.ts";

/** What a user does with a picture. */
export interface PictureViewEvents {
  /** At a place by pointer or keys; undefined: at none. */
  point(place: Place | undefined): void;
  choose(place: Place): void;
  clear(): void;
}

/** Opacity of the map. */
const alpha = 0.62;

/** A picture. */
export class PictureView {
  /** Its element, with the keyboard's focus. */
  readonly element: HTMLElement;
  /** What is drawn. */
  readonly canvas = make("canvas", { width: 672, height: 672 });
  readonly #cell = make("span", { className: "cell", hidden: true });
  readonly #mark = make("span", { className: "cell mark", hidden: true });
  readonly #crop = make("canvas");
  readonly #events: PictureViewEvents;
  #size = { height: 1, width: 1 };
  #place: Place = { row: 0, column: 0 };

  constructor(events: PictureViewEvents) {
    this.#events = events;
    const view = make(
      "div",
      { className: "view", role: "application", tabIndex: 0 },
      this.canvas,
      this.#cell,
      this.#mark,
    );
    view.setAttribute("aria-describedby", "view-help");
    this.element = view;
    view.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.#moveTo(this.#placeOf(event));
    });
    const leave = () => {
      this.point(undefined);
      events.point(undefined);
    };
    view.addEventListener("pointerleave", leave);
    view.addEventListener("blur", leave);
    view.addEventListener("click", (event) => {
      this.#moveTo(this.#placeOf(event));
      events.choose(this.#place);
    });
    view.addEventListener("keydown", (event) => {
      if (event.key === "Escape") events.clear();
      else if (event.key === "Enter" || event.key === " ") {
        events.choose(this.#place);
      } else if (!this.#step(event.key)) return;
      event.preventDefault();
    });
  }

  /** The place that keys move. */
  get place(): Place {
    return this.#place;
  }

  /** Sets the picture. */
  setPicture(crop: ImageData): void {
    this.#crop.width = crop.width;
    this.#crop.height = crop.height;
    context(this.#crop).putImageData(crop, 0, 0);
  }

  /** Sets the height and width of the node's maps; another size starts at the centre. */
  setSize(height: number, width: number): void {
    if (height === this.#size.height && width === this.#size.width) return;
    this.#size = { height, width };
    this.#place = {
      row: Math.floor(height / 2),
      column: Math.floor(width / 2),
    };
    this.#cell.hidden = true;
  }

  /** Frames a place, or none. */
  point(place: Place | undefined): void {
    this.#cell.hidden = !place;
    if (place) this.#put(this.#cell, place);
  }

  /** Marks a place, or none. */
  mark(place: Place | undefined): void {
    this.#mark.hidden = !place;
    if (place) this.#put(this.#mark, place);
  }

  /** Draws the picture, and a map over it. */
  draw(map: ShapedArray | undefined, range: ValueRange | undefined): void {
    const { width, height } = this.canvas;
    const pen = context(this.canvas);
    pen.imageSmoothingQuality = "high";
    pen.globalAlpha = 1;
    if (this.#crop.width) pen.drawImage(this.#crop, 0, 0, width, height);
    if (!map || !range) return;
    const image = paint(map.data, map.shape[1], range, inferno);
    const colors = make("canvas", { width: image.width, height: image.height });
    context(colors).putImageData(image, 0, 0);
    pen.globalAlpha = alpha;
    pen.drawImage(colors, 0, 0, width, height);
  }

  #step(key: string): boolean {
    const { row, column } = this.#place;
    const places: Record<string, Place> = {
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
    };
    if (!(key in places)) return false;
    this.#moveTo(places[key]);
    return true;
  }

  #moveTo({ row, column }: Place): void {
    const { height, width } = this.#size;
    this.#place = {
      row: Math.max(0, Math.min(height - 1, row)),
      column: Math.max(0, Math.min(width - 1, column)),
    };
    this.point(this.#place);
    this.#events.point(this.#place);
  }

  #put({ style }: HTMLElement, { row, column }: Place): void {
    const { height, width } = this.#size;
    style.left = `${100 * column / width}%`;
    style.top = `${100 * row / height}%`;
    style.width = `${100 / width}%`;
    style.height = `${100 / height}%`;
  }

  #placeOf({ clientX, clientY }: MouseEvent): Place {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return {
      row: Math.floor((clientY - top) / height * this.#size.height),
      column: Math.floor((clientX - left) / width * this.#size.width),
    };
  }
}
