import { npyHeader } from "../formats/npy.ts";
import {
  columnBytes,
  type FeatureColumn,
  type FeatureTable,
} from "./feature_table.ts";
import { streamOf } from "./stream_of.ts";

/**
 * Writes a table of one node as `.npy`: `[N, …]`, the pictures stacked, NaN for a failed one.
 *
 * @returns The file's bytes. Errors of the table become the stream's.
 * @throws {RangeError} If the table doesn't have exactly one column.
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
      `expected one node, got ${table.columns.length}; use npzStream`,
    );
  }
  return streamOf(npyChunks(table, table.columns[0]));
}

/** The bytes of a column as a `.npy`. */
export async function* npyChunks(
  table: FeatureTable,
  column: FeatureColumn,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield npyHeader(column.dtype, [table.count, ...column.shape]);
  yield* columnBytes(table, column);
}
