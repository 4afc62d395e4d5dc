import { asIs, expected, requireInteger } from "../errors/expected.ts";
import { gram, type Matrix } from "../fit/matrix.ts";
import {
  featureMatrix,
  type Features,
  requireSamePictures,
} from "./features.ts";

/** The options of {@linkcode cka}. */
export interface CkaOptions {
  /**
   * Whether to estimate without bias, so that few pictures with many features don't look alike.
   * Default `true`.
   */
  readonly unbiased?: boolean;
  /**
   * Compares so many pictures at a time and averages, as for data that don't fit into memory. What
   * remains at the end counts if it has at least 4 pictures. Default: all at once.
   */
  readonly batch?: number;
}

/**
 * Linear centred kernel alignment: how alike two layers represent the same pictures, whatever the
 * directions of their features. 1 is the same up to rotation and scale; unbiased, 0 is expected of
 * layers that have nothing in common.
 *
 * In batches, each of the three HSICs is averaged over the batches before they are divided.
 *
 * @param x Features of N pictures; a tensor stays the caller's.
 * @param y Other features of the same pictures, of any size.
 * @param options Bias and batches.
 * @returns 0..1, unbiased also a little less than 0.
 * @throws {TypeError} If the features aren't `[N, C]` of the same pictures, or one isn't finite.
 * @throws {RangeError} If there are fewer than 4 pictures, or a layer doesn't tell them apart.
 * @see thingsvision 2.7.3, `core/cka/cka_numpy.py`; Kornblith et al., "Similarity of Neural Network
 *   Representations Revisited", 2019; in batches Nguyen et al., "Do Wide and Deep Networks Learn the
 *   Same Things?", 2021.
 *
 * @example Turned and scaled features are the same
 * ```ts
 * import { cka } from "@layertap/resnet/compare";
 * import assert from "node:assert/strict";
 *
 * const x = { data: [1, 0, 2, 5, 3, 1, 0, 7, 4, 4], shape: [5, 2] };
 * const turned = { data: [0, 2, -10, 4, -2, 6, -14, 0, -8, 8], shape: [5, 2] };
 * assert(Math.abs(await cka(x, turned) - 1) < 1e-12);
 * ```
 */
export async function cka(
  x: Features,
  y: Features,
  options: CkaOptions = {},
): Promise<number> {
  const a = await featureMatrix("x", x);
  const b = await featureMatrix("y", y);
  requireSamePictures(a, b);
  return ckaTable([a], [b], options)[0][0];
}

/**
 * The alignment of each matrix of `xs` with each of `ys`.
 *
 * @throws {RangeError} What {@linkcode cka} throws.
 */
export function ckaTable(
  xs: readonly Matrix[],
  ys: readonly Matrix[],
  { unbiased = true, batch }: CkaOptions = {},
): number[][] {
  const count = xs[0].rows;
  const size = batch ?? count;
  if (count < 4) {
    throw new RangeError(
      expected("cka", "at least 4 pictures", asIs(`${count}`)),
    );
  }
  requireInteger("batch", size, 4);
  const cross = xs.map(() => new Float64Array(ys.length));
  const own = [xs, ys].map((list) => new Float64Array(list.length));
  for (let from = 0; count - from >= 4; from += size) {
    const to = Math.min(from + size, count);
    const [kernels, others] = [xs, ys].map((list) =>
      list.map((matrix) => centredGram(rowsOf(matrix, from, to), unbiased))
    );
    const n = to - from;
    const scale = unbiased ? 1 / (n * (n - 3)) : 1 / (n - 1) ** 2;
    kernels.forEach((kernel, i) => {
      own[0][i] += scale * product(kernel, kernel);
      others.forEach((other, j) => {
        cross[i][j] += scale * product(kernel, other);
      });
    });
    others.forEach((other, j) => own[1][j] += scale * product(other, other));
  }
  if (own.some((values) => values.some((value) => !(value > 0)))) {
    throw new RangeError(
      "a layer's features don't tell the pictures apart; leave it out",
    );
  }
  return cross.map((row, i) =>
    Array.from(row, (value, j) => value / Math.sqrt(own[0][i] * own[1][j]))
  );
}

function rowsOf({ data, columns }: Matrix, from: number, to: number): Matrix {
  const part = data.subarray(from * columns, to * columns);
  return { data: part, rows: to - from, columns };
}

/** `X X'`, centred; without bias its diagonal is zero. */
function centredGram(x: Matrix, unbiased: boolean): Float64Array {
  const n = x.rows;
  const { data: k } = gram(x);
  const means = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      k[j * n + i] = k[i * n + j];
      means[i] += k[i * n + j];
      means[j] += k[i * n + j];
    }
    if (unbiased) k[i * n + i] = 0;
    else means[i] += k[i * n + i];
  }
  const divisor = unbiased ? n - 2 : n;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += means[i] /= divisor;
  const shift = sum / (2 * (unbiased ? n - 1 : n));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      k[i * n + j] -= means[i] + means[j] - 2 * shift;
    }
    if (unbiased) k[i * n + i] = 0;
  }
  return k;
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
