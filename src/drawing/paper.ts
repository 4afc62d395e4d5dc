/**
 * White paper: what drawings are put together on.
 *
 * @module
 */

import type { Box } from "../image/resize.ts";
import type { RgbImage } from "../image/rgb_image.ts";

/** The grey of letters and lines. */
export const INK = 32;

/** A rectangle of pixels, without those at `right` and `bottom`. */
export interface Edges {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The pixels of a picture whose centres a box covers. */
export function edgesOf(
  { left, top, width, height }: Box,
  picture: Pick<RgbImage, "width" | "height">,
): Edges {
  const inside = (place: number, most: number) =>
    Math.min(Math.max(0, Math.round(place)), most);
  return {
    left: inside(left, picture.width),
    top: inside(top, picture.height),
    right: inside(left + width, picture.width),
    bottom: inside(top + height, picture.height),
  };
}

/** A white picture. */
export function blank(width: number, height: number): RgbImage {
  return {
    width,
    height,
    data: new Uint8Array(width * height * 3).fill(255),
  };
}

/** Copies a picture onto a larger one. */
export function paste(
  picture: RgbImage,
  { data, width }: RgbImage,
  left: number,
  top: number,
): void {
  for (let y = 0; y < picture.height; y++) {
    const row = 3 * y * picture.width;
    const pixels = picture.data.subarray(row, row + 3 * picture.width);
    data.set(pixels, 3 * ((top + y) * width + left));
  }
}

/** Fills a box with ink. */
export function fillBox({ data, width }: RgbImage, box: Edges): void {
  for (let y = box.top; y < box.bottom; y++) {
    const row = y * width;
    data.fill(INK, 3 * (row + box.left), 3 * (row + box.right));
  }
}
