/**
 * Digests of values, as `scripts/make_node_goldens.py` makes them, in plain JavaScript: the
 * largest absolute value, 64 samples, and the sums over all but one axis. A sample shows a wrong
 * value; the sums show a wrong place, such as a last row that was dropped.
 *
 * @module
 */

const samples = 64, fold = 64;

/** The default tolerance, as a share of a node's largest value. */
export const tolerance = 1e-5;

/** The number of numbers in the digest of a value of this shape. */
export function digestLength([n, c, h = 1, w = 1]: readonly number[]): number {
  return 1 + samples + n + Math.min(c, fold) + h + w;
}

/** The digest; `value` is NCHW. */
function digest(value: Float32Array, shape: readonly number[]): number[] {
  const [n, c, h = 1, w = 1] = shape;
  const images = new Float64Array(n), channels = new Float64Array(c);
  const rows = new Float64Array(h), columns = new Float64Array(w);
  let max = 0, i = 0;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      let channelSum = 0;
      for (let row = 0; row < h; row++) {
        let rowSum = 0;
        for (let column = 0; column < w; column++) {
          const v = value[i++];
          if (!(Math.abs(v) <= max)) max = Math.abs(v); // NaN too.
          rowSum += v;
          columns[column] += v;
        }
        rows[row] += rowSum;
        channelSum += rowSum;
      }
      channels[channel] += channelSum;
      images[image] += channelSum;
    }
  }
  const folded = new Float64Array(Math.min(c, fold));
  channels.forEach((sum, j) =>
    folded[j % fold] += sum * (1 + Math.floor(j / fold))
  );
  const at = Array.from(
    { length: samples },
    (_, s) => value[Math.floor(s * 0.6180339887498949 % 1 * value.length)],
  );
  return [max, ...at, ...images, ...folded, ...rows, ...columns];
}

/** How far rounding may move each number of a digest: sqrt(n) times as far for a sum of n values. */
function bounds(
  shape: readonly number[],
  max: number,
  limit: number,
): number[] {
  const [n, c, h = 1, w = 1] = shape;
  const size = n * c * h * w;
  const sum = (count: number, length: number, weight = 1) =>
    Array<number>(length).fill(limit * max * Math.sqrt(count) * weight);
  const folds = Math.ceil(c / fold);
  return [
    ...sum(1, 1 + samples),
    ...sum(size / n, n),
    ...sum(size / c * folds, Math.min(c, fold), folds),
    ...sum(size / h, h),
    ...sum(size / w, w),
  ];
}

/**
 * Compares a value with a digest of the right one.
 *
 * @param got NCHW.
 * @param limit The tolerance, as a share of the largest value.
 * @throws {Error} If a number is off by more than rounding explains.
 */
export function compareDigest(
  name: string,
  got: Float32Array,
  shape: readonly number[],
  want: ArrayLike<number>,
  limit = tolerance,
): void {
  const max = want[0];
  if (!(max > 0)) throw new Error(`${name}: the reference is all zero`);
  const allowed = bounds(shape, max, limit);
  digest(got, shape).forEach((value, i) => {
    if (Math.abs(value - want[i]) <= allowed[i]) return; // Not so if it is NaN.
    throw new Error(`${name}: number ${i} is ${value}, not ${want[i]}`);
  });
}
