/**
 * From the patches' distances to a map of the picture.
 *
 * @module
 */

import { enlarge } from "../drawing/enlarge.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** Of the Gaussian that smooths a map, in pixels. */
const sigma = 4;

/** The Gaussian is cut after four sigma, as in `scipy.ndimage.gaussian_filter`. */
const radius = 4 * sigma;

const weights = gaussian();

function gaussian(): Float64Array {
  const all = Float64Array.from(
    { length: 2 * radius + 1 },
    (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const sum = all.reduce((a, b) => a + b);
  return all.map((weight) => weight / sum);
}

/**
 * Enlarges distances to the size of the picture, bilinearly, and smooths them with a Gaussian of
 * sigma 4; beyond the edge the map is mirrored.
 *
 * @param from Height and width of the grid of patches.
 * @param to Height and width of the picture.
 * @returns `[height, width]`.
 */
export function anomalyMap(
  distances: Float32Array,
  from: readonly [number, number],
  to: readonly [number, number],
): ShapedArray {
  const [height, width] = to;
  const enlarged = enlarge(distances, from, to);
  const across = smoothed(enlarged, height, width, width, 1);
  return { data: smoothed(across, width, height, 1, width), shape: [...to] };
}

/** Smooths lines of `length` values that are `step` apart. */
function smoothed(
  values: Float32Array,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
): Float32Array {
  const result = new Float32Array(values.length);
  const line = new Float32Array(length + 2 * radius);
  for (let n = 0; n < lines; n++) {
    const start = n * lineStep;
    for (let i = 0; i < line.length; i++) {
      line[i] = values[start + step * mirrored(i - radius, length)];
    }
    for (let i = 0; i < length; i++) {
      let sum = weights[radius] * line[i + radius];
      for (let k = 0; k < radius; k++) {
        sum += weights[k] * (line[i + k] + line[i + 2 * radius - k]);
      }
      result[start + step * i] = sum;
    }
  }
  return result;
}

/** The index of a value beyond the edge, which is repeated: `c b a | a b c | c b a`. */
function mirrored(index: number, length: number): number {
  const period = 2 * length;
  const at = ((index % period) + period) % period;
  return at < length ? at : period - 1 - at;
}
