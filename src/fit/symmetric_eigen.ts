/**
 * Eigenvalues and eigenvectors of symmetric matrices, in double precision.
 *
 * Source: EISPACK's `tred2` and `tql2` (Bowdler, Martin, Reinsch and Wilkinson, 1968), with the
 * rotations kept, so that only the wanted eigenvectors are computed.
 *
 * @module
 */

import type { Matrix } from "./matrix.ts";

/** The eigenvalues of a matrix, and its eigenvectors on demand. */
export interface Eigen {
  /** In descending order. */
  readonly values: Float64Array;
  /** The eigenvectors of the `count` largest eigenvalues as rows, of length 1. */
  vectors(count: number): Matrix;
}

/** A rotation in the plane of the axes `at` and `at + 1`. */
interface Rotations {
  readonly at: number[];
  readonly cosines: number[];
  readonly sines: number[];
}

/**
 * The eigenvalues of a symmetric matrix.
 *
 * @param a Only the lower half is read; it is overwritten.
 */
export function symmetricEigen(a: Matrix): Eigen {
  const n = a.rows;
  const { diagonal, beside, scales } = tridiagonalize(a);
  const rotations = diagonalize(diagonal, beside);
  const order = Array.from(diagonal, (_, i) => i)
    .sort((i, j) => diagonal[j] - diagonal[i]);
  return {
    values: Float64Array.from(order, (i) => diagonal[i]),
    vectors(count) {
      // Column j of `z` becomes the j-th eigenvector: the inner loops run along rows.
      const z = new Float64Array(n * count);
      for (let j = 0; j < count; j++) z[order[j] * count + j] = 1;
      rotateBack(z, count, rotations);
      reflectBack(z, count, a, scales);
      const data = new Float64Array(count * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < count; j++) data[j * n + i] = z[i * count + j];
      }
      return { data, rows: count, columns: n };
    },
  };
}

/**
 * Householder reflections that leave a tridiagonal matrix. Row i of `a` then holds the vector of the
 * reflection that cleared it, left of the diagonal; `scales[i]` is 2 over the vector's square.
 */
function tridiagonalize({ data: a, rows: n }: Matrix): {
  diagonal: Float64Array;
  beside: Float64Array;
  scales: Float64Array;
} {
  const beside = new Float64Array(n);
  const scales = new Float64Array(n);
  const p = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const row = i * n;
    const last = row + i - 1;
    let largest = 0;
    for (let j = row; j < last; j++) {
      largest = Math.max(largest, Math.abs(a[j]));
    }
    beside[i] = a[last];
    if (largest === 0) continue; // It is tridiagonal already.
    largest = Math.max(largest, Math.abs(a[last]));
    let square = 0;
    for (let j = row; j <= last; j++) square += (a[j] / largest) ** 2;
    const norm = Math.sqrt(square) * largest;
    beside[i] = a[last] > 0 ? -norm : norm;
    const v = a.subarray(row, row + i);
    v[i - 1] -= beside[i];
    const scale = 1 / (norm * (norm + Math.abs(beside[i] + v[i - 1])));
    scales[i] = scale;
    // p = scale A v, from the lower half.
    p.fill(0, 0, i);
    for (let j = 0; j < i; j++) {
      const aj = j * n;
      const vj = v[j];
      let sum = a[aj + j] * vj;
      for (let k = 0; k < j; k++) {
        sum += a[aj + k] * v[k];
        p[k] += a[aj + k] * vj;
      }
      p[j] += sum;
    }
    let product = 0;
    for (let j = 0; j < i; j++) {
      p[j] *= scale;
      product += p[j] * v[j];
    }
    // A - v q' - q v', where q = p - (scale / 2) (p'v) v.
    const half = scale * product / 2;
    for (let j = 0; j < i; j++) p[j] -= half * v[j];
    for (let j = 0; j < i; j++) {
      const aj = j * n;
      const vj = v[j];
      const qj = p[j];
      for (let k = 0; k <= j; k++) a[aj + k] -= vj * p[k] + qj * v[k];
    }
  }
  const diagonal = new Float64Array(n);
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  return { diagonal, beside, scales };
}

/**
 * Turns the diagonal of a tridiagonal matrix into its eigenvalues, by QL with implicit shifts.
 *
 * @param d The diagonal.
 * @param e The elements beside it, from the second; overwritten.
 * @returns The rotations, in order.
 */
function diagonalize(d: Float64Array, e: Float64Array): Rotations {
  const n = d.length;
  const rotations: Rotations = { at: [], cosines: [], sines: [] };
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l;
      while (m < n - 1) {
        const size = Math.abs(d[m]) + Math.abs(d[m + 1]);
        if (Math.abs(e[m]) <= Number.EPSILON * size) break;
        m++;
      }
      if (m === l) break;
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      const root = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g < 0 ? -root : root));
      let s = 1, c = 1, p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        const r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        const t = (d[i] - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        rotations.at.push(i);
        rotations.cosines.push(c);
        rotations.sines.push(s);
      }
      if (i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return rotations;
}

/** From eigenvectors of the diagonal matrix to those of the tridiagonal one, in place. */
function rotateBack(
  z: Float64Array,
  count: number,
  { at, cosines, sines }: Rotations,
): void {
  for (let r = at.length - 1; r >= 0; r--) {
    const [c, s] = [cosines[r], sines[r]];
    const end = (at[r] + 1) * count;
    for (let j = end - count; j < end; j++) {
      const x = z[j];
      const y = z[j + count];
      z[j] = c * x + s * y;
      z[j + count] = c * y - s * x;
    }
  }
}

/** From eigenvectors of the tridiagonal matrix to those of the first, in place. */
function reflectBack(
  z: Float64Array,
  count: number,
  { data: a, rows: n }: Matrix,
  scales: Float64Array,
): void {
  const sums = new Float64Array(count);
  for (let i = 1; i < n; i++) {
    if (scales[i] === 0) continue;
    sums.fill(0);
    for (let k = 0; k < i; k++) {
      const v = scales[i] * a[i * n + k];
      const row = z.subarray(k * count, (k + 1) * count);
      for (let j = 0; j < count; j++) sums[j] += v * row[j];
    }
    for (let k = 0; k < i; k++) {
      const v = a[i * n + k];
      const row = z.subarray(k * count, (k + 1) * count);
      for (let j = 0; j < count; j++) row[j] -= v * sums[j];
    }
  }
}
