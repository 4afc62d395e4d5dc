/**
 * A rectangular part of a picture.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";

/** A part of a picture: its left and top edge, its width and height, in pixels. */
export type Region = readonly [
  x: number,
  y: number,
  width: number,
  height: number,
];

/** @throws {RangeError} If it isn't four integers, or reaches beyond a picture of this size. */
export function checkRegion(
  region: Region,
  size: { readonly width: number; readonly height: number },
): void {
  const isWhole = Array.isArray(region) && region.length === 4 &&
    region.every(Number.isInteger);
  const [x, y, width, height] = isWhole ? region : [0, 0, 0, 0];
  if (
    x >= 0 && y >= 0 && width > 0 && height > 0 &&
    x + width <= size.width && y + height <= size.height
  ) return;
  throw new RangeError(expected(
    "region",
    `[x, y, width, height], integers within ${size.width}x${size.height} pixels`,
    region,
  ));
}

/** The size of a region. */
export const sizeOf = ([, , width, height]: Region) => ({ width, height });
