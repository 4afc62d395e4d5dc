/**
 * Vectors of features, one picture each: checks and distances.
 *
 * @module
 */

import { expected, requireOneOf } from "../errors/expected.ts";

/** How far two vectors are from each other: `"cosine"` is 1 minus their cosine. */
export type Metric = "euclidean" | "cosine";

/** @throws {RangeError} If it isn't a metric. */
export function requireMetric(metric: unknown): Metric {
  return requireOneOf("metric", metric, ["euclidean", "cosine"]);
}

/**
 * Checks a picture's features.
 *
 * @param size Their number, if it is known.
 * @throws {TypeError} If they aren't so many finite numbers.
 */
export function requireVector(
  vector: ArrayLike<number>,
  size: number | undefined,
): void {
  const isList = ArrayBuffer.isView(vector) || Array.isArray(vector);
  if (
    !isList || vector.length === 0 || vector.length !== (size ?? vector.length)
  ) {
    const what = size === undefined ? "a list of numbers" : `${size} numbers`;
    const got = isList ? vector.length : vector;
    const then = isList ? "" : "await features.data() gives them";
    throw new TypeError(expected("features", what, got, then));
  }
  for (let i = 0; i < vector.length; i++) {
    if (Number.isFinite(vector[i])) continue;
    throw new TypeError(
      expected(`features[${i}]`, "a finite number", vector[i]),
    );
  }
}

/** @throws {TypeError} If it isn't the name of a class. */
export function requireLabel(label: unknown): asserts label is string {
  if (typeof label === "string") return;
  throw new TypeError(expected("label", "the name of a class", label));
}

/**
 * Distances from one vector to others. A cosine with a vector of zeros is 0, as in scikit-learn.
 *
 * @returns A function from another vector to its distance.
 */
export function distancesFrom(
  vector: ArrayLike<number>,
  metric: Metric,
): (other: ArrayLike<number>) => number {
  const { length } = vector;
  if (metric === "euclidean") {
    return (other) => {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += (vector[i] - other[i]) ** 2;
      return Math.sqrt(sum);
    };
  }
  const norm = Math.sqrt(dot(vector, vector));
  return (other) => {
    const norms = norm * Math.sqrt(dot(other, other));
    return 1 - (norms === 0 ? 0 : dot(vector, other) / norms);
  };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The order of labels, by code points, as Python sorts strings. */
export function compareLabels(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  const at = x.findIndex((character, i) => character !== y[i]);
  if (at < 0) return x.length - y.length;
  return (x[at].codePointAt(0)!) - (y[at]?.codePointAt(0) ?? -1);
}
