import { requireOneOf } from "../errors/expected.ts";
import { dot, type Matrix } from "../fit/matrix.ts";
import { featureMatrix, type Features } from "./features.ts";

/** How unlike two pictures' features are. */
export type Dissimilarity = "correlation" | "cosine" | "euclidean";

/** Every dissimilarity. */
export const dissimilarities: readonly Dissimilarity[] = [
  "correlation",
  "cosine",
  "euclidean",
];

/** A representational dissimilarity matrix: how unlike each two pictures are. */
export interface Rdm {
  /** `[size, size]`, row by row; symmetric, with zeros on the diagonal. */
  readonly data: Float64Array;
  /** The number of pictures. */
  readonly size: number;
}

/**
 * Computes a representational dissimilarity matrix, in double precision.
 *
 * @param features Of N pictures; a tensor stays the caller's.
 * @param method `"correlation"`, 1 minus Pearson's correlation of two rows; `"cosine"`, 1 minus
 *   their cosine; or `"euclidean"`, their distance. Default `"correlation"`.
 * @throws {TypeError} If the features aren't `[N, C]`, or one is NaN or infinite.
 * @throws {RangeError} If a row has no correlation or cosine with others: it is constant, or zero.
 * @see thingsvision 2.7.3, `core/rsa/helpers.py`, `compute_rdm`.
 *
 * @example Two pictures alike, one opposite
 * ```ts
 * import { rdm } from "@layertap/resnet/compare";
 * import assert from "node:assert/strict";
 *
 * const { data } = await rdm({ data: [1, 2, 2, 4, 2, 1], shape: [3, 2] });
 * assert.deepEqual([...data].map(Math.round), [0, 0, 2, 0, 0, 2, 2, 2, 0]);
 * ```
 */
export async function rdm(
  features: Features,
  method: Dissimilarity = "correlation",
): Promise<Rdm> {
  requireOneOf("method", method, dissimilarities);
  return rdmOf(await featureMatrix("features", features), method);
}

/** The same for a matrix. */
export function rdmOf(matrix: Matrix, method: Dissimilarity): Rdm {
  const { rows: size } = matrix;
  const data = new Float64Array(size * size);
  const between = method === "euclidean"
    ? distance
    : angle(unitRows(matrix, method));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      data[i * size + j] = data[j * size + i] = between(matrix, i, j);
    }
  }
  return { data, size };
}

function distance({ data, columns }: Matrix, i: number, j: number): number {
  let sum = 0;
  const [a, b] = [i * columns, j * columns];
  for (let c = 0; c < columns; c++) sum += (data[a + c] - data[b + c]) ** 2;
  return Math.sqrt(sum);
}

const angle = (units: Matrix) => (_: Matrix, i: number, j: number): number =>
  1 - Math.max(-1, Math.min(1, dot(units, i, units, j)));

/** Rows of length 1, for a correlation without their means. */
function unitRows(
  { data, rows, columns }: Matrix,
  method: "correlation" | "cosine",
): Matrix {
  const units = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    const mean = method === "correlation"
      ? row.reduce((sum, value) => sum + value, 0) / columns
      : 0;
    const largest = row.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    const norm = Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0));
    if (norm <= 1e-14 * largest * Math.sqrt(columns)) {
      const why = method === "cosine" ? "all zero" : "all the same";
      throw new RangeError(
        `features[${i}] are ${why} and have no ${method}; ` +
          'leave the picture out, or use "euclidean"',
      );
    }
    const unit = units.subarray(i * columns, (i + 1) * columns);
    for (let c = 0; c < columns; c++) unit[c] = (row[c] - mean) / norm;
  }
  return { data: units, rows, columns };
}
