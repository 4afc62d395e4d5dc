/**
 * Features of several pictures, as comparisons take them.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { asIs, expected } from "../errors/expected.ts";
import { type Matrix, matrixOf, requireFinite } from "../fit/matrix.ts";

/** Numbers in C order, `[N, C]`: a row for each picture. */
export interface FeatureArray {
  /** Row by row. */
  readonly data: ArrayLike<number>;
  /** `[N, C]`. */
  readonly shape: readonly number[];
}

/** Features of N pictures: a tensor, or numbers such as a file of `extract` has. */
export type Features = Tensor2D | FeatureArray;

/**
 * The features in double precision.
 *
 * @throws {TypeError} If they aren't `[N, C]`, or one is NaN or infinite.
 */
export async function featureMatrix(
  name: string,
  features: Features,
): Promise<Matrix> {
  if (features instanceof tf.Tensor) {
    return await matrixOf(name, features as Tensor2D);
  }
  const { data, shape } = features ?? {};
  const [rows, columns] = shape ?? [];
  if (!data || shape.length !== 2 || rows * columns !== data.length || !rows) {
    const what = "a tensor [N, C], or { data, shape: [N, C] }";
    throw new TypeError(
      expected(name, what, shape ? asIs(`[${shape.join(", ")}]`) : features),
    );
  }
  const matrix = { data: Float64Array.from(data), rows, columns };
  requireFinite(name, matrix);
  return matrix;
}

/** @throws {TypeError} If two matrices aren't of the same number of pictures. */
export function requireSamePictures(x: Matrix, y: Matrix): void {
  if (x.rows === y.rows) return;
  throw new TypeError(
    `${x.rows} pictures and ${y.rows}; compare features of the same pictures`,
  );
}
