/**
 * Between tfjs's order of an array's elements (NHWC) and PyTorch's (NCHW).
 *
 * @module
 */

/** A float32 array with its shape. */
export interface ShapedArray {
  /** The elements in C order. */
  readonly data: Float32Array;
  /** Dimensions. */
  readonly shape: readonly number[];
}

/**
 * `[N, H, W, C]` to `[N, C, H, W]`, as a copy; `[N, C]` is returned as it is.
 *
 * @throws {TypeError} If the shape has neither two nor four dimensions, or doesn't fit the data.
 */
export function nhwcToNchw(array: ShapedArray): ShapedArray {
  if (!isFourDimensional(array, "[N, H, W, C]")) return array;
  const [n, h, w, c] = array.shape;
  return { data: transposed(array.data, n, h * w, c), shape: [n, c, h, w] };
}

/**
 * `[N, C, H, W]` to `[N, H, W, C]`, as a copy; `[N, C]` is returned as it is.
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
  wanted: string,
): boolean {
  const length = shape.reduce((a, b) => a * b, 1);
  if (![2, 4].includes(shape.length) || data.length !== length) {
    throw new TypeError(
      `cannot reorder an array: got shape [${shape.join(", ")}] with ` +
        `${data.length} values, ${wanted} and [N, C] are allowed`,
    );
  }
  return shape.length === 4;
}

/**
 * What is moved at once: one cache line of each row, and as many rows as keep theirs in the cache
 * until all of it is used.
 */
const BLOCK_COLUMNS = 16;
const BLOCK_ROWS = 256;

/** Each of `count` matrices of `rows` by `columns`, row by row, turned over its diagonal. */
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
