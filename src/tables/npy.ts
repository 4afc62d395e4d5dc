import { npyHeader } from "../formats/npy.ts";
import {
  columnBytes,
  type FeatureColumn,
  type FeatureTable,
  streamOf,
} from "./feature_table.ts";

/**
 * The bytes of a `.npy`: one node, the pictures stacked, NaN for one that failed.
 *
 * @throws {RangeError} If the table has another number of columns than one.
 *
 * @example Two pictures
 * ```ts
 * import { featureTable, npyStream } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * const table = featureTable([
 *   { path: "a.jpg", values: { flatten: { data: new Float32Array([1, 2]), shape: [2] } } },
 *   { path: "b.jpg", error: new Error("it is damaged") },
 * ]);
 * const bytes = await new Response(npyStream(table)).bytes();
 * const values = new Float32Array(bytes.buffer, bytes.length - 16);
 * assert.deepEqual([...values], [1, 2, NaN, NaN]);
 * ```
 */
export function npyStream(table: FeatureTable): ReadableStream<Uint8Array> {
  if (table.columns.length !== 1) {
    throw new RangeError(
      `cannot write a .npy: got ${table.columns.length} nodes, one is ` +
        "allowed; a .npz holds several",
    );
  }
  return streamOf(npyChunks(table, table.columns[0]));
}

/** A column as a `.npy`. */
export async function* npyChunks(
  table: FeatureTable,
  column: FeatureColumn,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield npyHeader(column.dtype, [table.count, ...column.shape]);
  yield* columnBytes(table, column);
}
