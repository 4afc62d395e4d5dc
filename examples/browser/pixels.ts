/// <reference lib="dom" />
/**
 * Between the package's pictures and the browser's.
 *
 * @module
 */

import type { RgbImage } from "@layertap/resnet";

/** RGB to RGBA. */
export function toImageData({ width, height, data }: RgbImage): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba.set(data.subarray(from, from + 3), to);
  }
  return new ImageData(rgba, width, height);
}

/** RGBA to RGB, without alpha. */
export function toRgb({ width, height, data }: ImageData): RgbImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb.set(data.subarray(from, from + 3), to);
  }
  return { width, height, data: rgb };
}
