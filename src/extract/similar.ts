/**
 * Nearest neighbours by cosine among stored vectors.
 *
 * @module
 */

import { requireInteger } from "../errors/expected.ts";

/** A picture's features as one vector. */
export interface VectorRow {
  /** The picture's name. */
  readonly path: string;
  /** Its features; null or NaN if the picture could not be read. */
  readonly vector: ArrayLike<number> | null;
}

/** A picture that is similar to another. */
export interface SimilarPicture {
  /** Its name. */
  readonly path: string;
  /** The cosine, -1..1; 0 if one of the vectors is all zero. */
  readonly score: number;
}

/**
 * Finds the most similar pictures, exactly, in one pass over the rows. Memory holds only the
 * results.
 *
 * This suits some 100,000 rows. For more, use a database: DuckDB's `array_cosine_similarity` reads
 * the same Parquet file.
 *
 * @param queries Vectors, as long as the rows'.
 * @param rows What to search; {@linkcode readVectors} reads them from a file. Rows without a
 *   vector are skipped.
 * @param options.top How many pictures to return for a query. Default 10.
 * @returns For each query the best pictures, in descending order; of equals the first.
 * @throws {RangeError} If `top` is not a positive integer.
 * @throws {TypeError} If a row and a query differ in length.
 *
 * @example The nearest of two
 * ```ts
 * import { similar } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * const rows = [
 *   { path: "left.jpg", vector: [-1, 0] },
 *   { path: "up.jpg", vector: [0, 2] },
 * ];
 * const [matches] = await similar([[1, 5]], rows, { top: 1 });
 * assert.equal(matches[0].path, "up.jpg");
 * assert(Math.abs(matches[0].score - 5 / Math.sqrt(26)) < 1e-12);
 * ```
 */
export async function similar(
  queries: readonly ArrayLike<number>[],
  rows: Iterable<VectorRow> | AsyncIterable<VectorRow>,
  { top = 10 }: { readonly top?: number } = {},
): Promise<SimilarPicture[][]> {
  requireInteger("top", top, 1);
  const best = queries.map((): SimilarPicture[] => []);
  const norms = queries.map(norm);
  for await (const { path, vector } of rows) {
    if (vector === null) continue;
    const length = norm(vector);
    if (Number.isNaN(length)) continue;
    for (const [i, query] of queries.entries()) {
      if (query.length !== vector.length) {
        throw new TypeError(
          `cannot compare "${path}": it has ${vector.length} values, ` +
            `but the query has ${query.length}`,
        );
      }
      const product = norms[i] * length;
      const score = product === 0 ? 0 : dot(query, vector) / product;
      keep(best[i], { path, score }, top);
    }
  }
  return best;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function norm(vector: ArrayLike<number>): number {
  return Math.sqrt(dot(vector, vector));
}

/** Inserts a picture in its place, if it is among the best. */
function keep(
  best: SimilarPicture[],
  picture: SimilarPicture,
  top: number,
): void {
  if (best.length === top && picture.score <= best[top - 1].score) return;
  const at = best.findIndex(({ score }) => score < picture.score);
  best.splice(at < 0 ? best.length : at, 0, picture);
  if (best.length > top) best.pop();
}
