/**
 * Matrices in double precision.
 *
 * @module
 */

import type { Tensor2D } from "@tensorflow/tfjs-core";
import { expected } from "../errors/expected.ts";
import { requireTensor } from "../model/layout.ts";

/** A matrix, row by row. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The values of a tensor.
 *
 * @throws {TypeError} If it isn't `[N, C]`, or a value is NaN or infinite.
 */
export async function matrixOf(
  name: string,
  tensor: Tensor2D,
): Promise<Matrix> {
  requireTensor(tensor, name, "a tensor [N, C]");
  const { shape } = tensor;
  if (shape.length !== 2 || tensor.size === 0) {
    throw new TypeError(expected(name, "[N, C]", shape));
  }
  const [rows, columns] = shape;
  const data = Float64Array.from(await tensor.data());
  const matrix = { data, rows, columns };
  requireFinite(name, matrix);
  return matrix;
}

/** @throws {TypeError} If a value is NaN or infinite. */
export function requireFinite(name: string, { data, columns }: Matrix): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row = Math.floor(bad / columns);
    throw new TypeError(
      expected(`${name}[${row}]`, "finite numbers", data[bad]),
    );
  }
}

/** Subtracts the mean of each column, in place, and returns the means. */
export function center({ data, rows, columns }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  data.forEach((value, i) => means[i % columns] += value / rows);
  data.forEach((_, i) => data[i] -= means[i % columns]);
  return means;
}

export function transpose({ data, rows, columns }: Matrix): Matrix {
  const result = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      result[j * rows + i] = data[i * columns + j];
    }
  }
  return { data: result, rows: columns, columns: rows };
}

/** `A B'`. */
export function products(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) data[i * b.rows + j] = dot(a, i, b, j);
  }
  return { data, rows: a.rows, columns: b.rows };
}

/** The lower half of `A A'`. */
export function gram(a: Matrix): Matrix {
  const data = new Float64Array(a.rows * a.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j <= i; j++) data[i * a.rows + j] = dot(a, i, a, j);
  }
  return { data, rows: a.rows, columns: a.rows };
}

/** The product of two rows, or of their first elements. */
export function dot(
  a: Matrix,
  i: number,
  b: Matrix,
  j: number,
  length: number = a.columns,
): number {
  const [x, y] = [a.data, b.data];
  let p = i * a.columns;
  let q = j * b.columns;
  const end = p + length;
  // Four sums: a single one would wait for each addition.
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (; p + 4 <= end; p += 4, q += 4) {
    s0 += x[p] * y[q];
    s1 += x[p + 1] * y[q + 1];
    s2 += x[p + 2] * y[q + 2];
    s3 += x[p + 3] * y[q + 3];
  }
  for (; p < end; p++, q++) s0 += x[p] * y[q];
  return s0 + s1 + s2 + s3;
}
