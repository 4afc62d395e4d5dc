import type { RowProducts } from "./row_products.ts";

/** For each vector, the nearest row and how far it is. */
export interface Nearest {
  readonly rows: Int32Array;
  readonly distances: Float32Array<ArrayBuffer>;
}

/**
 * Finds the row that is nearest to each vector; of several the first.
 *
 * The search is by products in float32; the distances are then computed as they are defined, so
 * that a vector that is a row has distance 0.
 *
 * @param vectors `[n, columns]`.
 * @param products The rows, with {@linkcode minusHalfSquare} as bias.
 * @param rows The same rows.
 */
export function nearest(
  vectors: Float32Array,
  products: RowProducts,
  rows: Float32Array,
): Nearest {
  const { columns } = products;
  const count = vectors.length / columns;
  const found = new Int32Array(count);
  const best = new Float32Array(count).fill(-Infinity);
  for (const block of products.with(vectors)) {
    const { values, vector, row } = block;
    for (let v = 0, at = 0; v < block.vectors; v++) {
      let most = best[vector + v], where = -1;
      for (let r = 0; r < block.rows; r++, at++) {
        if (values[at] > most) [most, where] = [values[at], r];
      }
      if (where < 0) continue;
      best[vector + v] = most;
      found[vector + v] = row + where;
    }
  }
  const distances = new Float32Array(count);
  for (let v = 0; v < count; v++) {
    distances[v] = distance(vectors, v, rows, found[v], columns);
  }
  return { rows: found, distances };
}

/** The Euclidean distance between a row of one matrix and a row of another. */
export function distance(
  a: Float32Array,
  i: number,
  b: Float32Array,
  j: number,
  columns: number,
): number {
  let sum = 0;
  let p = i * columns, q = j * columns;
  for (const end = p + columns; p < end; p++, q++) {
    const difference = a[p] - b[q];
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
