/**
 * Patches: at each position of a picture, the features of its neighbourhood in several layers.
 *
 * @module
 */

import { enlargingTaps } from "../drawing/enlarge.ts";
import { expected } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** A picture's patches, row by row from the top left. */
export interface Patches {
  /** `[height * width, channels]`. */
  readonly data: Float32Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  /** The layers' channels, one layer after the other. */
  readonly channels: number;
}

/**
 * The patches of one picture: means over 3x3 neighbourhoods, the maps of later layers enlarged to the
 * first one's size, all channels in a row.
 *
 * Beyond the edge a map is zero, and the mean is over nine values everywhere, as
 * `AvgPool2d(3, 1, 1)` takes it. Enlarging is `interpolate(…, mode="bilinear",
 * align_corners=False)`.
 *
 * @param layers Values of the layers, `[h, w, C]`.
 * @throws {TypeError} If a layer isn't a map.
 */
export function patchesOf(layers: readonly ShapedArray[]): Patches {
  for (const { shape } of layers) {
    if (shape.length === 3) continue;
    throw new TypeError(expected("layers", "maps [h, w, C]", shape));
  }
  const [height, width] = layers[0].shape;
  const channels = layers.reduce((sum, { shape }) => sum + shape[2], 0);
  const data = new Float32Array(height * width * channels);
  let first = 0;
  for (const layer of layers) {
    place(pooled(layer), { data, height, width, channels }, first);
    first += layer.shape[2];
  }
  return { data, height, width, channels };
}

/** Means over 3x3: sums along the rows, then along the columns. */
function pooled({ data, shape }: ShapedArray): ShapedArray {
  const [height, width, channels] = shape;
  const row = width * channels;
  const across = new Float32Array(data.length);
  const sums = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    addRows(across, data, y * row, row, channels, y * row, (y + 1) * row);
  }
  addRows(sums, across, 0, data.length, row, 0, data.length);
  for (let i = 0; i < sums.length; i++) sums[i] *= 1 / 9;
  return { data: sums, shape };
}

/** Each value plus those `step` before and after it, as far as these are within the bounds. */
function addRows(
  to: Float32Array,
  from: Float32Array,
  start: number,
  length: number,
  step: number,
  low: number,
  high: number,
): void {
  for (let i = start; i < start + length; i++) to[i] = from[i];
  for (let i = low + step; i < high; i++) to[i] += from[i - step];
  for (let i = low; i < high - step; i++) to[i] += from[i + step];
}

/** Writes a map, enlarged, into the channels from `first` on. */
function place(map: ShapedArray, patches: Patches, first: number): void {
  const [mapHeight, mapWidth, count] = map.shape;
  const { data, height, width, channels } = patches;
  const columns = enlargingTaps(mapWidth, width);
  let to = first;
  for (const row of enlargingTaps(mapHeight, height)) {
    const upper = row.first * mapWidth, lower = row.second * mapWidth;
    for (const column of columns) {
      const corners = [
        [upper + column.first, (1 - row.share) * (1 - column.share)],
        [upper + column.second, (1 - row.share) * column.share],
        [lower + column.first, row.share * (1 - column.share)],
        [lower + column.second, row.share * column.share],
      ];
      for (const [pixel, weight] of corners) {
        if (weight === 0) continue;
        let from = pixel * count;
        for (let c = to; c < to + count; c++) {
          data[c] += weight * map.data[from++];
        }
      }
      to += channels;
    }
  }
}
