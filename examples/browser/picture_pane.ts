/// <reference lib="dom" />
/**
 * One or two pictures with maps laid over them, on one colour scale, and the value at a place.
 *
 * @module
 */

import { rangeOf, type ValueRange } from "../../src/drawing/color_map.ts";
import { inferno, paint } from "./colors.ts";
import { byId, context, shapeText, sides } from "./dom.ts";
import type { OpenPicture } from "./engine.ts";
import type { Overlay } from "./overlays.ts";
import { PictureView } from "./picture_view.ts";
import type { Mark } from "./screen.ts";

/** Called when the user chooses a place, or removes the overlay. */
export interface PicturePaneEvents {
  choose(mark: Mark): void;
  clear(): void;
}

/** The pictures at the top left. */
export class PicturePane {
  readonly #views: readonly PictureView[];
  readonly #shown = byId("shown", HTMLElement);
  readonly #value = byId("value", HTMLElement);
  readonly #tools = byId("overlay-tools", HTMLElement);
  #count = 1;
  #size: readonly number[] = [1, 1];
  #kept: Overlay | undefined;
  #mark: Mark | undefined;
  /** The place that the user points at. */
  #at: Mark | undefined;
  #passing: Overlay | undefined;

  constructor({ choose, clear }: PicturePaneEvents) {
    this.#views = sides.map((_, side) =>
      new PictureView({
        point: (place) => {
          this.#at = place && { side, ...place };
          this.#read(this.#at ?? this.#mark);
        },
        choose: (place) => {
          if (this.#size[0] * this.#size[1] > 1) choose({ side, ...place });
          else this.#value.textContent = "One value for the whole picture";
        },
        clear,
      })
    );
    byId("views", HTMLElement).append(
      ...this.#views.map(({ element }) => element),
    );
    byId("clear", HTMLButtonElement).onclick = () => {
      this.#views[0].element.focus();
      clear();
    };
    drawRamp();
  }

  /** Shows one or two pictures, without an overlay. */
  setPictures(open: readonly OpenPicture[]): void {
    const [height, width] = open[0].maps.shape;
    this.#count = open.length;
    this.#size = [height, width];
    this.#views.forEach((view, side) => {
      view.element.hidden = side >= open.length;
      view.setSize(height, width);
      if (view.element.hidden) return;
      const { name, info } = open[side];
      const which = open.length > 1 ? `${sides[side]} picture` : "Picture";
      view.setPicture(info.crop);
      view.element.ariaLabel = `${which} as the network sees it: ${name}`;
    });
  }

  /** Sets the overlay, and the place that it compares with, if any. */
  keep(overlay: Overlay | undefined, mark?: Mark): void {
    this.#kept = overlay;
    this.#mark = mark;
    this.#passing = undefined;
    this.#views.forEach((view, side) =>
      view.mark(mark?.side === side ? mark : undefined)
    );
    this.#draw();
    this.#read(mark ?? this.#at);
  }

  /**
   * Sets an overlay for as long as the user points at its map.
   *
   * @param at The place in the map. Default: the one that keys have chosen.
   */
  pass(overlay: Overlay | undefined, at?: Mark): void {
    if (overlay !== this.#passing) {
      this.#passing = overlay;
      this.#draw();
    }
    this.#at = overlay && (at ?? { side: 0, ...this.#views[0].place });
    this.#views.forEach((view, side) =>
      view.point(this.#at?.side === side ? this.#at : undefined)
    );
    this.#read(this.#at ?? this.#mark);
  }

  /** Scrolls the pictures into view. */
  reveal(): void {
    this.#views[0].element.scrollIntoView({ block: "nearest" });
  }

  /** What is drawn of each picture. */
  get canvases(): HTMLCanvasElement[] {
    return this.#views.slice(0, this.#count).map(({ canvas }) => canvas);
  }

  /** The values of the colour scale's ends; undefined without an overlay. */
  get range(): ValueRange | undefined {
    const overlay = this.#passing ?? this.#kept;
    const ranges = overlay?.maps.map(({ data }) => rangeOf(data));
    return ranges && rangeOf(ranges.flatMap(({ low, high }) => [low, high]));
  }

  #draw(): void {
    const overlay = this.#passing ?? this.#kept;
    const { range } = this;
    this.#views.forEach((view, side) => view.draw(overlay?.maps[side], range));
    this.#shown.textContent = overlay?.title ?? "Picture only";
    this.#tools.hidden = !this.#kept;
    byId("scale", HTMLElement).hidden = !range;
    if (!range) return;
    byId("low", HTMLElement).textContent = range.low.toPrecision(2);
    byId("high", HTMLElement).textContent = range.high.toPrecision(2);
  }

  /** Shows a place and the value there. */
  #read(at: Mark | undefined): void {
    if (!at) {
      this.#value.textContent = "";
      return;
    }
    const [height, width] = this.#size;
    const { side, row, column } = at;
    const where = `row ${row + 1}, column ${column + 1} of ${
      shapeText(this.#size)
    }`;
    const named = this.#count > 1 ? `${sides[side]}: ${where}` : where;
    const map = (this.#passing ?? this.#kept)?.maps[side];
    // The evidence for a class may have fewer rows than the node's maps.
    const index = map &&
      Math.floor((row + 0.5) * map.shape[0] / height) * map.shape[1] +
        Math.floor((column + 0.5) * map.shape[1] / width);
    const value = map ? `, value ${map.data[index!].toPrecision(3)}` : "";
    this.#value.textContent = named[0].toUpperCase() + named.slice(1) + value;
  }
}

function drawRamp(): void {
  const canvas = byId("ramp", HTMLCanvasElement);
  const values = Float32Array.from({ length: canvas.width }, (_, i) => i);
  const image = paint(values, canvas.width, rangeOf(values), inferno);
  context(canvas).putImageData(image, 0, 0);
}
