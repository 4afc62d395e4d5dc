/**
 * Ridge regression, solved exactly, in double precision.
 *
 * @module
 */

import { dot, gram, type Matrix, products, transpose } from "./matrix.ts";

/**
 * The `W`, `[targets, features]`, that minimizes `|x W' - y|^2 + l2 |W|^2`.
 *
 * Solved by Cholesky factorization on the smaller side, features or samples.
 *
 * @param x `[samples, features]`, centred.
 * @param y `[samples, targets]`, centred.
 * @returns Undefined if there is no unique solution, as may be with `l2` 0.
 */
export function ridge(x: Matrix, y: Matrix, l2: number): Matrix | undefined {
  const xt = transpose(x);
  const yt = transpose(y);
  if (x.columns <= x.rows) {
    // (X'X + l2) W' = X'Y
    const factor = cholesky(gram(xt), l2);
    return factor && solve(factor, products(yt, xt));
  }
  // W' = X'(XX' + l2)^-1 Y
  const factor = cholesky(gram(x), l2);
  return factor && products(solve(factor, yt), xt);
}

/**
 * The lower triangle `L` with `L L' = A + l2`, in place of `A`.
 *
 * @param a Symmetric; only the lower half is read.
 */
function cholesky(a: Matrix, l2: number): Matrix | undefined {
  const n = a.rows;
  const scale = a.data.reduce(
    (max, v, i) => i % (n + 1) ? max : Math.max(max, v),
    l2,
  );
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = a.data[i * n + j] + (i === j ? l2 : 0) - dot(a, i, a, j, j);
      if (i > j) a.data[i * n + j] = rest / a.data[j * n + j];
      // Zero, up to rounding.
      else if (rest <= 1e-13 * n * scale) return undefined;
      else a.data[i * n + i] = Math.sqrt(rest);
    }
  }
  return a;
}

/** The rows `x` with `L L' x = b`, in place of the rows `b`. */
function solve(factor: Matrix, b: Matrix): Matrix {
  const { data: l, rows: n } = factor;
  for (let r = 0; r < b.rows; r++) {
    const x = b.data.subarray(r * n, (r + 1) * n);
    for (let i = 0; i < n; i++) {
      x[i] = (x[i] - dot(factor, i, b, r, i)) / l[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      x[i] /= l[i * n + i];
      for (let k = 0; k < i; k++) x[k] -= l[i * n + k] * x[i];
    }
  }
  return b;
}
