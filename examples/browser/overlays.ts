/**
 * The maps to lay over the pictures.
 *
 * @module
 */

import type { ShapedArray } from "../../src/formats/shaped_array.ts";
import type { OpenPicture } from "./engine.ts";
import { cosines, mapOf, valuesAt } from "./maps.ts";
import type { Mark, Place } from "./screen.ts";

/** A map for each picture, `[H, W]`. */
export interface Overlay {
  readonly title: string;
  readonly maps: readonly ShapedArray[];
}

/** A channel's map of each picture. */
export function channelOverlay(
  pictures: readonly OpenPicture[],
  channel: number,
): Overlay {
  return {
    title: `${pictures[0].maps.node}, map ${channel}`,
    maps: pictures.map(({ maps }) => mapOf(maps, channel)),
  };
}

/** How similar each place of each picture is to a place of one of them. */
export function similarityOverlay(
  pictures: readonly OpenPicture[],
  { side, row, column }: Mark,
): Overlay {
  const values = valuesAt(pictures[side].maps, row, column);
  return {
    title: `Similar to the mark (${pictures[0].maps.node})`,
    maps: pictures.map(({ maps }) => cosines(maps, values)),
  };
}

/** The picture of a place in maps that `sideBySide` joined, and the place there. */
export function unjoined(
  pictures: readonly OpenPicture[],
  { row, column }: Place,
): Mark {
  const [, width] = pictures[0].maps.shape;
  return column <= width
    ? { side: 0, row, column: Math.min(column, width - 1) }
    : { side: 1, row, column: column - width - 1 };
}
