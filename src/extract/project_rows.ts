/**
 * Rows of features on the components of a PCA.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Pca } from "../fit/pca.ts";
import type { VectorRow } from "./similar.ts";

/** Rows that are projected together. */
const blockRows = 256;

/**
 * Projects rows, some at a time; rows without a vector stay as they are.
 *
 * @throws {TypeError} If a row has another length than the PCA's features.
 */
export async function* projectRows(
  rows: AsyncIterable<VectorRow>,
  pca: Pca,
): AsyncGenerator<VectorRow> {
  let block: VectorRow[] = [];
  for await (const { path, vector } of rows) {
    // The reader may use the vector's memory again.
    block.push({ path, vector: vector && Float32Array.from(vector) });
    if (block.length < blockRows) continue;
    yield* await projected(block, pca);
    block = [];
  }
  yield* await projected(block, pca);
}

async function projected(
  block: readonly VectorRow[],
  pca: Pca,
): Promise<VectorRow[]> {
  const vectors = block.flatMap(({ vector }) => vector ? [vector] : []);
  if (vectors.length === 0) return [...block];
  const length = vectors[0].length;
  const all = new Float32Array(vectors.length * length);
  vectors.forEach((vector, i) => all.set(vector, i * length));
  const result = tf.tidy(() => {
    const features = tf.tensor2d(all, [vectors.length, length]) as Tensor2D;
    return pca.transform(features);
  });
  const values = await result.data<"float32">();
  result.dispose();
  const [size] = pca.shape;
  let at = 0;
  return block.map(({ path, vector }) => ({
    path,
    vector: vector && values.subarray(at, at += size),
  }));
}
