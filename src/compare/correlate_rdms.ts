import { expected, requireOneOf } from "../errors/expected.ts";
import type { Rdm } from "./rdm.ts";

/** A coefficient of correlation. */
export type Correlation = "pearson" | "spearman";

/** Every coefficient. */
export const correlations: readonly Correlation[] = ["pearson", "spearman"];

/**
 * Correlates two dissimilarity matrices of the same pictures: representational similarity analysis.
 * Only what is above the diagonals counts.
 *
 * @param correlation Pearson's coefficient, or Spearman's, where equal values share their rank.
 *   Default `"pearson"`, as in thingsvision.
 * @returns -1..1.
 * @throws {TypeError} If the matrices differ in size, or have fewer than 3 pictures.
 * @throws {RangeError} If all values of a matrix are the same.
 * @see thingsvision 2.7.3, `core/rsa/helpers.py`, `correlate_rdms`; SciPy 1.17.1, `spearmanr`.
 *
 * @example A matrix and itself
 * ```ts
 * import { correlateRdms, rdm } from "@layertap/resnet/compare";
 * import assert from "node:assert/strict";
 *
 * const points = { data: [0, 1, 5, 7], shape: [4, 1] };
 * const distances = await rdm(points, "euclidean");
 * assert.equal(correlateRdms(distances, distances, "spearman"), 1);
 * ```
 */
export function correlateRdms(
  a: Rdm,
  b: Rdm,
  correlation: Correlation = "pearson",
): number {
  requireOneOf("correlation", correlation, correlations);
  if (a.size !== b.size || a.size < 3) {
    throw new TypeError(
      a.size === b.size
        ? expected("correlateRdms", "at least 3 pictures", a.size)
        : `${a.size} pictures and ${b.size}; correlate matrices of the same pictures`,
    );
  }
  const [x, y] = [a, b].map((matrix) => {
    const values = upperTriangle(matrix);
    return correlation === "spearman" ? ranks(values) : values;
  });
  return Math.max(-1, Math.min(1, pearson(x, y)));
}

function upperTriangle({ data, size }: Rdm): Float64Array {
  const values = new Float64Array(size * (size - 1) / 2);
  let at = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) values[at++] = data[i * size + j];
  }
  return values;
}

/** Ranks from 1; equal values share the mean of theirs. */
function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i)
    .sort((i, j) => values[i] - values[j]);
  const result = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) result[order[i]] = (from + to + 1) / 2;
  }
  return result;
}

function pearson(x: Float64Array, y: Float64Array): number {
  const [dx, dy] = [x, y].map((values) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return values.map((value) => value - mean);
  });
  let product = 0, xx = 0, yy = 0;
  for (let i = 0; i < dx.length; i++) {
    product += dx[i] * dy[i];
    xx += dx[i] * dx[i];
    yy += dy[i] * dy[i];
  }
  if (xx === 0 || yy === 0) {
    throw new RangeError(
      "all dissimilarities are the same and have no correlation",
    );
  }
  return product / Math.sqrt(xx * yy);
}
