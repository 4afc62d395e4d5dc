/**
 * PNG's filters (https://www.w3.org/TR/png-3/, section 9).
 *
 * @module
 */

import type { RgbImage } from "./rgb_image.ts";

/** Predicts a byte from those to the left, above, and above left. */
type Predictor = (left: number, above: number, corner: number) => number;

/** Predictors by number: None, Sub, Up, Average, Paeth. */
const predictors: readonly Predictor[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => left + above >> 1,
  (left, above, corner) => {
    const toLeft = Math.abs(above - corner);
    const toAbove = Math.abs(left - corner);
    const toCorner = Math.abs(left + above - 2 * corner);
    if (toLeft <= toAbove && toLeft <= toCorner) return left;
    return toAbove <= toCorner ? above : corner;
  },
];

/**
 * A picture's rows, ready to be compressed: each begins with the number of its filter, the one with
 * the smallest differences.
 */
export function filterRows(
  { width, height, data }: RgbImage,
): Uint8Array<ArrayBuffer> {
  const length = 3 * width;
  const filtered = new Uint8Array((length + 1) * height);
  // Zeros stand for what is outside of the picture.
  let above = new Uint8Array(length + 3), row = new Uint8Array(length + 3);
  const trial = new Uint8Array(length);
  for (let y = 0; y < height; y++) {
    row.set(data.subarray(y * length, (y + 1) * length), 3);
    const start = y * (length + 1);
    let least = Infinity;
    predictors.forEach((predict, number) => {
      let sum = 0;
      for (let i = 0; i < length && sum < least; i++) {
        const difference = row[i + 3] - predict(row[i], above[i + 3], above[i]);
        trial[i] = difference;
        sum += Math.abs(difference << 24 >> 24);
      }
      if (sum >= least) return;
      least = sum;
      filtered[start] = number;
      filtered.set(trial, start + 1);
    });
    [above, row] = [row, above];
  }
  return filtered;
}
