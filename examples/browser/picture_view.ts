/// <reference lib="dom" />
/**
 * The picture, its overlay, and the places in it.
 *
 * @module
 */

import { rangeOf } from "../../src/drawing/color_map.ts";
import { inferno, paint } from "./colors.ts";
import { byId, context, make } from "./dom.ts";

/** A map to lay over the picture. */
export interface Overlay {
  readonly title: string;
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** A place in a node's maps. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Opacity of the overlay. */
const alpha = 0.62;

/** The picture at the top left. */
export class PictureView {
  readonly #view = byId("view", HTMLElement);
  readonly #canvas = byId("canvas", HTMLCanvasElement);
  readonly #cell = byId("cell", HTMLElement);
  readonly #mark = byId("mark", HTMLElement);
  readonly #shown = byId("shown", HTMLElement);
  readonly #clear = byId("clear", HTMLButtonElement);
  readonly #pick: (place: Place) => void;
  readonly #crop = make("canvas");
  #size = { height: 1, width: 1 };
  #place: Place = { row: 0, column: 0 };
  #kept: Overlay | undefined;
  #passing: Overlay | undefined;

  /**
   * @param pick Called with the place that was clicked.
   * @param clear Called to remove the overlay.
   */
  constructor(pick: (place: Place) => void, clear: () => void) {
    this.#pick = pick;
    this.#clear.onclick = () => {
      this.#view.focus();
      clear();
    };
    drawRamp();
    this.#view.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.#moveTo(this.#placeOf(event));
    });
    this.#view.addEventListener("pointerleave", () => this.#cell.hidden = true);
    this.#view.addEventListener("blur", () => this.#cell.hidden = true);
    this.#view.addEventListener("click", (event) => {
      this.#moveTo(this.#placeOf(event));
      this.#choose();
    });
    this.#view.addEventListener("keydown", (event) => {
      if (event.key === "Escape") clear();
      else if (event.key === "Enter" || event.key === " ") this.#choose();
      else if (!this.#step(event.key)) return;
      event.preventDefault();
    });
  }

  /** Shows another picture, without an overlay. */
  setPicture(crop: ImageData): void {
    this.#crop.width = crop.width;
    this.#crop.height = crop.height;
    context(this.#crop).putImageData(crop, 0, 0);
    this.keep(undefined);
  }

  /** Sets the height and width of the node's maps. */
  setSize(height: number, width: number): void {
    this.#size = { height, width };
    this.#place = {
      row: Math.floor(height / 2),
      column: Math.floor(width / 2),
    };
    this.#cell.hidden = true;
  }

  /** Sets the overlay, and the place that it compares with, if any. */
  keep(overlay: Overlay | undefined, place?: Place): void {
    this.#kept = overlay;
    this.#passing = undefined;
    this.#mark.hidden = !place;
    if (place) this.#put(this.#mark, place);
    this.#draw();
  }

  /** Sets an overlay for as long as the pointer is on its map. */
  pass(overlay: Overlay | undefined): void {
    this.#passing = overlay;
    this.#draw();
  }

  /** Scrolls the picture into view. */
  reveal(): void {
    this.#view.scrollIntoView({ block: "nearest" });
  }

  #draw(): void {
    const overlay = this.#passing ?? this.#kept;
    const { width, height } = this.#canvas;
    const pen = context(this.#canvas);
    pen.imageSmoothingQuality = "high";
    pen.globalAlpha = 1;
    if (this.#crop.width) pen.drawImage(this.#crop, 0, 0, width, height);
    this.#shown.textContent = overlay?.title ?? "Picture only";
    this.#clear.hidden = !this.#kept;
    byId("scale", HTMLElement).hidden = !overlay;
    if (!overlay) return;
    const range = rangeOf(overlay.values);
    const pixels = paint(overlay.values, overlay.width, range, inferno);
    const map = make("canvas", { width: pixels.width, height: pixels.height });
    context(map).putImageData(pixels, 0, 0);
    pen.globalAlpha = alpha;
    pen.drawImage(map, 0, 0, width, height);
    byId("low", HTMLElement).textContent = range.low.toPrecision(2);
    byId("high", HTMLElement).textContent = range.high.toPrecision(2);
  }

  #choose(): void {
    if (this.#size.height * this.#size.width > 1) this.#pick(this.#place);
    else {this.#shown.textContent =
        "This node has a single value for the whole picture";}
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
    this.#shown.textContent = `Row ${
      this.#place.row + 1
    } of ${this.#size.height}, column ${
      this.#place.column + 1
    } of ${this.#size.width}`;
    return true;
  }

  #moveTo({ row, column }: Place): void {
    const { height, width } = this.#size;
    this.#place = {
      row: Math.max(0, Math.min(height - 1, row)),
      column: Math.max(0, Math.min(width - 1, column)),
    };
    this.#cell.hidden = false;
    this.#put(this.#cell, this.#place);
  }

  #put({ style }: HTMLElement, { row, column }: Place): void {
    const { height, width } = this.#size;
    style.left = `${100 * column / width}%`;
    style.top = `${100 * row / height}%`;
    style.width = `${100 / width}%`;
    style.height = `${100 / height}%`;
  }

  #placeOf({ clientX, clientY }: MouseEvent): Place {
    const { left, top, width, height } = this.#view.getBoundingClientRect();
    return {
      row: Math.floor((clientY - top) / height * this.#size.height),
      column: Math.floor((clientX - left) / width * this.#size.width),
    };
  }
}

function drawRamp(): void {
  const canvas = byId("ramp", HTMLCanvasElement);
  const values = Float32Array.from({ length: canvas.width }, (_, i) => i);
  const image = paint(values, canvas.width, rangeOf(values), inferno);
  context(canvas).putImageData(image, 0, 0);
}
