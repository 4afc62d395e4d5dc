/**
 * Arrays between tfjs's layout, NHWC, and PyTorch's, NCHW.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import { elementCount } from "./elements.ts";

/** A float32 array with its shape. */
export interface ShapedArray {
  /** The elements in C order. */
  readonly data: Float32Array;
  /** Dimensions. */
  readonly shape: readonly number[];
}

/**
 * `[N, H, W, C]` to `[N, C, H, W]`, as a copy; an array `[N, C]` is returned unchanged.
 *
 * @throws {TypeError} If the shape has neither two nor four dimensions, or doesn't fit the data.
 */
export function nhwcToNchw(array: ShapedArray): ShapedArray {
  if (!isFourDimensional(array, "[N, H, W, C]")) return array;
  const [n, h, w, c] = array.shape;
  return { data: transposed(array.data, n, h * w, c), shape: [n, c, h, w] };
}

/**
 * `[N, C, H, W]` to `[N, H, W, C]`, as a copy; an array `[N, C]` is returned unchanged.
 *
 * @throws {TypeError} If the shape has neither two nor four dimensions, or doesn't fit the data.
 */
export function nchwToNhwc(array: ShapedArray): ShapedArray {
  if (!isFourDimensional(array, "[N, C, H, W]")) return array;
  const [n, c, h, w] = array.shape;
  return { data: transposed(array.data, n, c, h * w), shape: [n, h, w, c] };
}

function isFourDimensional(
  { data, shape }: ShapedArray,
  layout: string,
): boolean {
  const isSound = data.length === elementCount(shape);
  if (![2, 4].includes(shape.length) || !isSound) {
    const got = `[${shape.join(", ")}] with ${data.length} values`;
    throw new TypeError(expected("shape", `${layout} or [N, C]`, asIs(got)));
  }
  return shape.length === 4;
}

/** A block to move at once: one cache line of each row, as many rows as fit into the cache. */
const BLOCK_COLUMNS = 16;
const BLOCK_ROWS = 256;

/** Transposes `count` matrices of `rows` by `columns`, stored row by row. */
function transposed(
  data: Float32Array,
  count: number,
  rows: number,
  columns: number,
): Float32Array {
  const result = new Float32Array(data.length);
  const size = rows * columns;
  for (let start = 0; start < count * size; start += size) {
    for (let top = 0; top < rows; top += BLOCK_ROWS) {
      const bottom = Math.min(top + BLOCK_ROWS, rows);
      for (let left = 0; left < columns; left += BLOCK_COLUMNS) {
        const right = Math.min(left + BLOCK_COLUMNS, columns);
        for (let column = left; column < right; column++) {
          const to = start + column * rows;
          const from = start + column;
          for (let row = top; row < bottom; row++) {
            result[to + row] = data[from + row * columns];
          }
        }
      }
    }
  }
  return result;
}
