/// <reference lib="dom" />
/**
 * A node's feature maps, side by side.
 *
 * @module
 */

import { chooseMaps } from "../../src/drawing/choose_maps.ts";
import { rangeOf, type ValueRange } from "../../src/drawing/color_map.ts";
import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import { paint, viridis } from "./colors.ts";
import { byId, context, make, moveFocus } from "./dom.ts";
import { mapOf } from "./maps.ts";
import type { GridOptions, Place } from "./screen.ts";

/** How many maps are drawn at first. */
const first = 64;

/** What a user does with the maps. */
export interface MapGridEvents {
  /** At a map, and at a place in it if by pointer; undefined: at none. */
  point(channel: number | undefined, place?: Place): void;
  choose(channel: number): void;
  /** At "Show all". */
  showAll(): Promise<unknown>;
}

/** The maps on the right. */
export class MapGrid {
  readonly #grid = byId("grid", HTMLElement);
  readonly #more = byId("more", HTMLButtonElement);
  readonly #events: MapGridEvents;
  #maps: ShapedArray = { data: new Float32Array(), shape: [0, 0, 0] };
  /** The channels by their strength. */
  #strongest: readonly number[] = [];
  /** The options of what is drawn. */
  #drawn = "";

  constructor(events: MapGridEvents) {
    this.#events = events;
    this.#more.onclick = async () => {
      const before = this.#tiles.length;
      await events.showAll();
      this.#tiles[before]?.focus();
    };
    const leave = () => events.point(undefined);
    this.#grid.addEventListener("pointerleave", leave);
    this.#grid.addEventListener("focusout", leave);
    this.#grid.addEventListener("pointermove", (event) => this.#point(event));
    this.#grid.addEventListener("focusin", ({ target }) => {
      const tile = (target as HTMLElement).closest("button");
      if (!tile) return;
      this.#enterAt(tile);
      events.point(Number(tile.dataset.channel));
    });
    this.#grid.addEventListener("keydown", (event) => {
      const columns =
        getComputedStyle(this.#grid).gridTemplateColumns.split(" ").length;
      if (moveFocus(this.#tiles, event.key, columns)) event.preventDefault();
    });
  }

  /** The channels on screen, in their order. */
  get channels(): readonly number[] {
    return this.#tiles.map(({ dataset }) => Number(dataset.channel));
  }

  /** Sets the maps, `[H, W, C]`. */
  setMaps(maps: ShapedArray): void {
    if (maps === this.#maps) return;
    this.#maps = maps;
    this.#strongest = chooseMaps(maps, { strongest: maps.shape[2] });
    this.#drawn = "";
    this.#grid.closest("section")!.scrollTop = 0;
  }

  /** Whether a map is among the first ones. */
  isFirst(channel: number, { order }: GridOptions): boolean {
    return this.#sorted(order).indexOf(channel) < first;
  }

  /** Draws the maps, unless they are drawn already. */
  show({ order, scale, all }: GridOptions): void {
    const drawn = `${order} ${scale} ${all}`;
    if (this.#drawn === drawn) return;
    this.#drawn = drawn;
    this.#draw({ order, scale, all });
  }

  /** Marks the map that is laid over the picture, if any. */
  mark(channel: number | undefined): void {
    for (const tile of this.#tiles) {
      const isChosen = tile.dataset.channel === `${channel}`;
      tile.ariaPressed = `${isChosen}`;
      if (isChosen) this.#enterAt(tile);
    }
  }

  /** Scrolls to a map, or to the pane. */
  reveal(channel?: number): void {
    const tile = this.#tiles.find(({ dataset }) =>
      dataset.channel === `${channel}`
    );
    if (tile) tile.scrollIntoView({ block: "nearest" });
    else this.#grid.closest("section")!.scrollIntoView();
  }

  get #tiles(): HTMLElement[] {
    return [...this.#grid.children] as HTMLElement[];
  }

  /** Makes Tab enter the grid at a tile. */
  #enterAt(tile: HTMLElement): void {
    for (const other of this.#tiles) other.tabIndex = -1;
    tile.tabIndex = 0;
  }

  #sorted(order: GridOptions["order"]): readonly number[] {
    return order === "strongest"
      ? this.#strongest
      : [...this.#strongest.keys()];
  }

  #draw({ order, scale, all }: GridOptions): void {
    const [, width, channels] = this.#maps.shape;
    const sorted = this.#sorted(order);
    // A single value has no range of its own.
    const shared = scale === "all" || width <= 3
      ? rangeOf(this.#maps.data)
      : undefined;
    const drawn = all ? sorted : sorted.slice(0, first);
    this.#grid.style.setProperty("--tile", `${tileWidth(this.#maps)}px`);
    this.#grid.replaceChildren(
      ...drawn.map((channel) => this.#tile(channel, shared)),
    );
    this.#tiles[0].tabIndex = 0;
    this.#more.hidden = drawn.length === channels;
    this.#more.textContent = `Show all ${channels}`;
  }

  #tile(channel: number, shared?: ValueRange): HTMLButtonElement {
    const { data, shape: [height, width] } = mapOf(this.#maps, channel);
    const image = paint(data, width, shared ?? rangeOf(data), viridis);
    const canvas = make("canvas", { width, height });
    context(canvas).putImageData(image, 0, 0);
    const tile = make(
      "button",
      {
        type: "button",
        tabIndex: -1,
        ariaLabel: `Map ${channel}`,
        onclick: () => {
          tile.focus(); // Safari doesn't.
          this.#events.choose(channel);
        },
      },
      canvas,
      `${channel}`,
    );
    tile.dataset.channel = `${channel}`;
    return tile;
  }

  #point({ target, clientX, clientY, pointerType }: PointerEvent): void {
    const tile = (target as HTMLElement).closest("button");
    if (!tile || pointerType === "touch") return;
    const { left, top, width, height } = tile.querySelector("canvas")!
      .getBoundingClientRect();
    const [rows, columns] = this.#maps.shape;
    const index = (share: number, count: number) =>
      Math.max(0, Math.min(count - 1, Math.floor(share * count)));
    this.#events.point(Number(tile.dataset.channel), {
      row: index((clientY - top) / height, rows),
      column: index((clientX - left) / width, columns),
    });
  }
}

/** Pixels; wide maps are two beside each other. */
function tileWidth({ shape: [height, width] }: ShapedArray): number {
  const side = height >= 56 ? 96 : height >= 14 ? 80 : height > 1 ? 68 : 40;
  return width > height ? 2 * side : side;
}
