import type { Tensor2D } from "@tensorflow/tfjs-core";
import { asIs, expected, requireInteger } from "../errors/expected.ts";
import { center, gram, type Matrix, matrixOf, transpose } from "./matrix.ts";
import { Pca } from "./pca.ts";
import { symmetricEigen } from "./symmetric_eigen.ts";

/** The options of {@linkcode fitPca}. */
export interface FitPcaOptions {
  /** Scales each component to a variance of 1. Default `false`. */
  readonly whiten?: boolean;
}

/** Variances below this share of the largest are rounding errors. */
const leastVariance = 1e-13;

/**
 * Fits a principal component analysis: fewer numbers for each picture, with as much variance as
 * possible.
 *
 * The result is scikit-learn's `PCA(components, svd_solver="full")`, signs included. It is computed
 * exactly, in double precision, on this thread, from the smaller of two matrices, features by
 * features or samples by samples: 512 features take under a second, 2048 some ten seconds.
 *
 * @param features `[N, C]`, one row a sample, such as {@linkcode embed} returns; they stay the
 *   caller's.
 * @param components How many to keep; or, below 1, the share of the variance that the kept ones must
 *   exceed.
 * @param options Whether to whiten.
 * @returns The analysis.
 * @throws {TypeError} If the features aren't `[N, C]`, or one is NaN or infinite.
 * @throws {RangeError} If the samples don't vary in so many directions.
 * @see scikit-learn 1.7.2, `decomposition/_pca.py`, and `svd_flip` in `utils/extmath.py`.
 *
 * @example The plane in which four points lie
 * ```ts
 * import { startBackend } from "@layertap/resnet";
 * import { fitPca } from "@layertap/resnet/fit";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * await startBackend();
 * const points = tf.tensor2d([[1, 0, 5], [-1, 0, 5], [0, 3, 5], [0, -3, 5]]);
 * const pca = await fitPca(points, 0.95);
 * assert.deepEqual([...pca.explainedVarianceRatio], [0.9, 0.1]);
 * assert.deepEqual([...pca.components], [0, 1, 0, 1, 0, 0]);
 * ```
 */
export async function fitPca(
  features: Tensor2D,
  components: number,
  { whiten = false }: FitPcaOptions = {},
): Promise<Pca> {
  const isShare = components > 0 && components < 1;
  if (!isShare) requireInteger("components", components, 1);
  const x = await matrixOf("features", features);
  if (x.rows < 2) {
    throw new RangeError(
      expected("features", "at least 2 samples", asIs(`${x.rows}`)),
    );
  }
  const mean = center(x);
  const isWide = x.columns > x.rows;
  const { values, vectors } = symmetricEigen(gram(isWide ? x : transpose(x)));
  const total = values.reduce((sum, value) => sum + Math.max(value, 0), 0);
  const rank = values.filter((value) => value > leastVariance * values[0])
    .length;
  const count = isShare
    ? countOf(values, components * total, rank)
    : components;
  if (count > rank || total === 0) {
    const directions = rank === 1 ? "1 direction" : `${rank} directions`;
    throw new RangeError(
      total === 0
        ? "the samples are all the same; a PCA needs samples that differ"
        : `${count} components, but the samples vary in only ${directions}; ` +
          "choose fewer",
    );
  }
  const found = vectors(count);
  const kept = isWide ? directionsOf(found, x) : found;
  flipSigns(kept);
  const squares = values.subarray(0, count);
  return new Pca({
    mean,
    components: kept.data,
    explainedVariance: squares.map((value) => value / (x.rows - 1)),
    explainedVarianceRatio: squares.map((value) => value / total),
    singularValues: squares.map(Math.sqrt),
    samples: x.rows,
    whiten,
  });
}

/** How many of the largest values sum up to more than `share`. */
function countOf(values: Float64Array, share: number, rank: number): number {
  let sum = 0;
  for (let i = 0; i < rank; i++) {
    sum += values[i];
    if (sum > share) return i + 1;
  }
  return rank;
}

/** From eigenvectors of `X X'`, as rows, to those of `X' X`. */
function directionsOf(vectors: Matrix, x: Matrix): Matrix {
  const data = new Float64Array(vectors.rows * x.columns);
  for (let k = 0; k < vectors.rows; k++) {
    const row = data.subarray(k * x.columns, (k + 1) * x.columns);
    for (let n = 0; n < x.rows; n++) {
      const factor = vectors.data[k * x.rows + n];
      const start = n * x.columns;
      for (let c = 0; c < x.columns; c++) row[c] += factor * x.data[start + c];
    }
    const length = Math.hypot(...row);
    for (let c = 0; c < x.columns; c++) row[c] /= length;
  }
  return { data, rows: vectors.rows, columns: x.columns };
}

/** scikit-learn's signs: the largest element of each row is positive. */
function flipSigns({ data, columns }: Matrix): void {
  for (let start = 0; start < data.length; start += columns) {
    const row = data.subarray(start, start + columns);
    let largest = 0;
    for (const value of row) {
      if (Math.abs(value) > Math.abs(largest)) largest = value;
    }
    if (largest < 0) row.forEach((value, i) => row[i] = -value);
  }
}
