/**
 * Arithmetic on feature maps, `[H, W, C]`.
 *
 * @module
 */

import type { ShapedArray } from "../../src/formats/shaped_array.ts";

/** The map of one channel, `[H, W]`. */
export function mapOf(
  { data, shape: [height, width, channels] }: ShapedArray,
  channel: number,
): ShapedArray {
  const values = new Float32Array(height * width);
  for (let i = 0; i < values.length; i++) {
    values[i] = data[i * channels + channel];
  }
  return { data: values, shape: [height, width] };
}

/** The maps of two pictures in one, `[H, 2 W + 1, C]`, with a column of NaN between them. */
export function sideBySide(left: ShapedArray, right: ShapedArray): ShapedArray {
  const [height, width, channels] = left.shape;
  const wide = 2 * width + 1, row = width * channels;
  const data = new Float32Array(height * wide * channels).fill(NaN);
  for (let y = 0; y < height; y++) {
    const at = y * wide * channels;
    data.set(left.data.subarray(y * row, (y + 1) * row), at);
    data.set(
      right.data.subarray(y * row, (y + 1) * row),
      at + row + channels,
    );
  }
  return { data, shape: [height, wide, channels] };
}

/** The values of all channels at one place. */
export function valuesAt(
  { data, shape: [, width, channels] }: ShapedArray,
  row: number,
  column: number,
): Float32Array {
  const at = (row * width + column) * channels;
  return data.subarray(at, at + channels);
}

/**
 * The cosine between some place's values and those at each place, `[H, W]`; 0 where all are zero. The
 * place may be another picture's, which `similarityMap` doesn't offer.
 */
export function cosines(
  maps: ShapedArray,
  values: Float32Array,
): ShapedArray {
  const [height, width] = maps.shape;
  const data = new Float32Array(height * width);
  const norm = Math.sqrt(dot(values, values));
  for (let i = 0; i < data.length; i++) {
    const here = valuesAt(maps, 0, i);
    const length = norm * Math.sqrt(dot(here, here));
    data[i] = length > 0 ? dot(values, here) / length : 0;
  }
  return { data, shape: [height, width] };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
