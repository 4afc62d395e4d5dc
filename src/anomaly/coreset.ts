/**
 * A few points that are near to all others.
 *
 * @module
 */

import { turn } from "../runtime/turn.ts";
import type { RowProducts } from "./row_products.ts";

/** Most numbers of the candidates' distances that are held at a time: 32 MB. */
const mostDistances = 2 ** 23;

/** Points whose distances to all others are computed at once. */
const mostCandidates = 32;

/** The farthest points, among which the next ones are looked for. */
const mostConsidered = 512;

/** A squared distance of this share of a point's own square is rounding: the points are equal. */
const same = 4e-6;

/** Points to choose from. */
export interface Points {
  /** Their products, with {@linkcode minusHalfSquare} as bias. */
  readonly products: RowProducts;
  /** The coordinates of some of them: `[indices.length, columns]`. */
  read(indices: readonly number[]): Float32Array;
  /** The squared length of each. */
  readonly squares: Float32Array;
}

/**
 * Chooses points greedily, each the farthest from those before it: a 2-approximation of the
 * k-centre problem. The first is the farthest from the mean.
 *
 * The points that are likely to be next are guessed, and the distances of several computed together, in
 * one matrix product; which point is chosen doesn't depend on it.
 *
 * Source: the paper's algorithm 1; the first point as in the official `GreedyCoresetSampler`, whose
 * largest norm of distances to all points is the largest distance from their mean.
 *
 * @param fromMean The squared distance of each point from the mean.
 * @param count How many to choose.
 * @param onStep Called from time to time with the number chosen; may throw.
 * @returns Their indices in the order of the choice; fewer if all others are copies of these.
 */
export async function chooseCoreset(
  { products, read, squares }: Points,
  fromMean: Float32Array,
  count: number,
  onStep: (chosen: number) => void,
): Promise<Int32Array> {
  const chosen = new Int32Array(count);
  const total = squares.length;
  const farness = Float32Array.from(fromMean);
  let isFirst = true;
  const candidates = Math.max(
    1,
    Math.min(mostCandidates, Math.floor(mostDistances / total)),
  );
  let n = 0;
  for (let isDone = false; n < count && !isDone;) {
    const pool = farthest(farness, Math.min(mostConsidered, total));
    const indices = likelyNext(pool, read(pool), farness, candidates);
    const columns = distancesFrom(indices, products, read(indices), squares);
    for (let next: number | undefined = indices[0]; n < count;) {
      isDone = next === undefined;
      if (next === undefined) break;
      const column = columns.get(next);
      if (!column) break;
      chosen[n++] = next;
      if (isFirst) farness.fill(Infinity);
      isFirst = false;
      next = lower(farness, column);
    }
    onStep(n);
    await turn();
  }
  return chosen.subarray(0, n);
}

/** The indices of the largest values, from the largest; of equal ones the first. */
function farthest(values: Float32Array, count: number): number[] {
  const best: number[] = [];
  let least = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (best.length === count && values[i] <= least) continue;
    let at = best.length;
    while (at > 0 && values[best[at - 1]] < values[i]) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
    if (best.length === count) least = values[best[count - 1]];
  }
  return best;
}

/**
 * The points that would be chosen next if all were among these: the farthest, then others that are far
 * from it too. Ends where a point that isn't among them may come first.
 *
 * @param pool Points, the farthest first.
 * @param points Their coordinates.
 */
function likelyNext(
  pool: readonly number[],
  points: Float32Array,
  farness: Float32Array,
  count: number,
): number[] {
  const columns = points.length / pool.length;
  const left = Float64Array.from(pool, (index) => farness[index]);
  const least = left[pool.length - 1];
  const next: number[] = [];
  for (let at = 0; next.length < count;) {
    next.push(pool[at]);
    let largest = 0, where = -1;
    for (let i = 0; i < pool.length; i++) {
      if (left[i] > largest) {
        left[i] = Math.min(left[i], squareBetween(points, at, i, columns));
      }
      if (left[i] > largest) [largest, where] = [left[i], i];
    }
    if (where < 0 || largest < least) break;
    at = where;
  }
  return next;
}

/** The squared distance between two rows. */
function squareBetween(
  points: Float32Array,
  i: number,
  j: number,
  columns: number,
): number {
  let sum = 0;
  for (let p = i * columns, q = j * columns, c = 0; c < columns; c++) {
    sum += (points[p++] - points[q++]) ** 2;
  }
  return sum;
}

/** The squared distances of some points to all, by their indices. */
function distancesFrom(
  indices: readonly number[],
  products: RowProducts,
  points: Float32Array,
  squares: Float32Array,
): Map<number, Float32Array> {
  const columns = indices.map(() => new Float32Array(squares.length));
  for (const { values, rows, row, vectors } of products.with(points)) {
    for (let v = 0; v < vectors; v++) {
      const column = columns[v], own = squares[indices[v]];
      for (let r = 0; r < rows; r++) {
        const square = own - 2 * values[v * rows + r];
        column[row + r] = square > same * own ? square : 0;
      }
    }
  }
  return new Map(indices.map((index, v) => [index, columns[v]]));
}

/**
 * Lowers values to those of a column where these are smaller; returns the index of the largest, or
 * undefined if all are 0.
 */
function lower(
  values: Float32Array,
  column: Float32Array,
): number | undefined {
  let largest = 0, where: number | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = column[i] < values[i] ? values[i] = column[i] : values[i];
    if (value > largest) [largest, where] = [value, i];
  }
  return where;
}
