/**
 * Nearest neighbours by cosine among vectors that are stored.
 *
 * @module
 */

/** A picture's features as one vector. */
export interface VectorRow {
  /** What the picture is called. */
  readonly path: string;
  /** Its features; null or NaN for a picture that could not be read. */
  readonly vector: ArrayLike<number> | null;
}

/** A picture that is like another. */
export interface SimilarPicture {
  /** What it is called. */
  readonly path: string;
  /** The cosine, -1..1; 0 if one of the vectors is all zero. */
  readonly score: number;
}

/**
 * Finds the pictures that are most alike: exact, in one pass over the rows, with no more memory
 * than the answers take.
 *
 * That is fine for some 100,000 rows. Beyond, leave it to a database: DuckDB's
 * `array_cosine_similarity` reads the same Parquet file.
 *
 * @param queries Vectors, each with as many numbers as the rows' have.
 * @param rows What to search; `readVectors` reads them from a file. Those without a vector are
 *   passed over.
 * @param options.top How many are given for a query, all if there are fewer. Default 10.
 * @returns For each query the best, in descending order; of equals the first.
 * @throws {RangeError} If `top` is no integer from 1 up.
 * @throws {TypeError} If a row has another number of values than a query.
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
  if (!Number.isSafeInteger(top) || top < 1) {
    throw new RangeError(
      `similar: top is ${top}, integers from 1 up are allowed`,
    );
  }
  const best = queries.map((): SimilarPicture[] => []);
  const norms = queries.map(norm);
  for await (const { path, vector } of rows) {
    if (vector === null) continue;
    const length = norm(vector);
    if (Number.isNaN(length)) continue;
    for (const [i, query] of queries.entries()) {
      if (query.length !== vector.length) {
        throw new TypeError(
          `cannot compare with "${path}": it has ${vector.length} values, ` +
            `the query has ${query.length}`,
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

/** Puts a picture where it belongs, if it is among the best. */
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
