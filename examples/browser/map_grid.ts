/// <reference lib="dom" />
/**
 * A node's feature maps, side by side.
 *
 * @module
 */

import { rangeOf, type ValueRange } from "../../src/drawing/color_map.ts";
import { paint, viridis } from "./colors.ts";
import { byId, context, make, moveFocus, shapeText } from "./dom.ts";
import type { FeatureMaps } from "./protocol.ts";

/** How many maps are drawn at first. */
const first = 60;

/** Called when the user points at a map (`undefined`: at none) or chooses one. */
export interface MapGridEvents {
  point(channel: number | undefined): void;
  choose(channel: number): void;
}

/** The maps on the right. */
export class MapGrid {
  readonly #grid = byId("grid", HTMLElement);
  readonly #more = byId("more", HTMLButtonElement);
  readonly #events: MapGridEvents;
  #maps: FeatureMaps | undefined;
  #chosen: number | undefined;
  #all = false;

  constructor(events: MapGridEvents) {
    this.#events = events;
    this.#more.onclick = () => {
      const before = this.#tiles.length;
      this.#all = true;
      this.#draw();
      this.#focus(this.#tiles[before]);
    };
    for (const input of document.querySelectorAll(".tools input")) {
      input.addEventListener("change", () => this.#draw());
    }
    this.#grid.addEventListener(
      "pointerleave",
      () => this.#events.point(undefined),
    );
    this.#grid.addEventListener(
      "focusout",
      () => this.#events.point(undefined),
    );
    this.#grid.addEventListener("keydown", (event) => {
      const columns =
        getComputedStyle(this.#grid).gridTemplateColumns.split(" ").length;
      if (moveFocus(this.#tiles, event.key, columns)) event.preventDefault();
    });
  }

  /** Shows the maps of a node and the operation that computes it. */
  show(maps: FeatureMaps, operation: string): void {
    this.#maps = maps;
    this.#all = false;
    this.#chosen = undefined;
    byId("maps-title", HTMLElement).textContent = maps.node;
    byId("maps-shape", HTMLElement).textContent =
      `${operation}: ${maps.channels} maps of ${
        shapeText([maps.height, maps.width])
      }`;
    this.#draw();
  }

  /** Marks the map that is laid over the picture, if any. */
  mark(channel: number | undefined): void {
    this.#chosen = channel;
    for (const tile of this.#tiles) {
      tile.ariaPressed = `${Number(tile.dataset.channel) === channel}`;
    }
  }

  /** The values of one map. */
  map(channel: number): Float32Array {
    const { values, height, width } = this.#maps!;
    const size = height * width;
    return values.subarray(channel * size, (channel + 1) * size);
  }

  get #tiles(): HTMLElement[] {
    return [...this.#grid.children] as HTMLElement[];
  }

  #draw(): void {
    if (!this.#maps) return;
    const { channels, strongest, width, values } = this.#maps;
    const order = isChosen("order", "strongest")
      ? strongest
      : [...Array(channels).keys()];
    // A single value has no range of its own.
    const shared = isChosen("range", "all") || width === 1
      ? rangeOf(values)
      : undefined;
    const drawn = this.#all ? order : order.slice(0, first);
    const tile = width >= 56 ? 96 : width >= 14 ? 80 : width > 1 ? 68 : 40;
    this.#grid.style.setProperty("--tile", `${tile}px`);
    this.#grid.replaceChildren(
      ...drawn.map((channel) => this.#tile(channel, shared)),
    );
    this.#tiles[0].tabIndex = 0;
    this.#more.hidden = drawn.length === channels;
    this.#more.textContent = `Show all ${channels}`;
    this.mark(this.#chosen);
  }

  #tile(channel: number, shared?: ValueRange): HTMLButtonElement {
    const map = this.map(channel);
    const { width } = this.#maps!;
    const image = paint(map, width, shared ?? rangeOf(map), viridis);
    const canvas = make("canvas", { width, height: image.height });
    context(canvas).putImageData(image, 0, 0);
    const tile = make(
      "button",
      {
        type: "button",
        tabIndex: -1,
        ariaLabel: `Map ${channel}`,
        onpointerenter: () => this.#events.point(channel),
        onfocus: () => this.#events.point(channel),
        onclick: () => {
          this.#focus(tile);
          this.#events.choose(channel);
        },
      },
      canvas,
      `${channel}`,
    );
    tile.dataset.channel = `${channel}`;
    return tile;
  }

  /** Makes Tab enter the grid at this tile. */
  #focus(tile: HTMLElement): void {
    for (const other of this.#tiles) other.tabIndex = -1;
    tile.tabIndex = 0;
    tile.focus();
  }
}

function isChosen(name: string, value: string): boolean {
  const choice = `input[name="${name}"][value="${value}"]`;
  return document.querySelector<HTMLInputElement>(choice)!.checked;
}
