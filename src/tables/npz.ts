import { npyTextHeader } from "../formats/npy.ts";
import { encodeNpyText, textBytes } from "../formats/npy_text.ts";
import { createZip } from "../formats/create_zip.ts";
import type { FeatureTable } from "./feature_table.ts";
import { npyChunks } from "./npy.ts";
import { streamOf } from "./stream_of.ts";

/**
 * Writes a table as `.npz`, uncompressed as NumPy's `savez` makes it, of any size.
 *
 * It has an array `[N, …]` for each node, the pictures stacked, NaN for a failed one, and an array
 * `path` with the names of the pictures.
 *
 * @param about Metadata, e.g. `{ arch: "resnet50" }`, for another array: `about`, a string of JSON.
 * @returns The file's bytes. Errors of the table become the stream's.
 *
 * @example For `numpy.load`
 * ```ts
 * import { featureTable, npzStream } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * const table = featureTable([
 *   { path: "a.jpg", values: { flatten: { data: new Float32Array([1, 2]), shape: [2] } } },
 *   { path: "b.jpg", error: new Error("it is damaged") },
 * ]);
 * const bytes = await new Response(npzStream(table)).bytes(); // or Deno.writeFile("f.npz", …)
 * assert.equal(new TextDecoder().decode(bytes.subarray(0, 2)), "PK");
 * ```
 */
export function npzStream(
  table: FeatureTable,
  about?: Readonly<Record<string, unknown>>,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream();
  writeNpz(table, about, writable).catch((error) => writable.abort(error));
  return readable;
}

async function writeNpz(
  table: FeatureTable,
  about: Readonly<Record<string, unknown>> | undefined,
  destination: WritableStream<Uint8Array>,
): Promise<void> {
  const zip = await createZip(destination);
  for (const column of table.columns) {
    await zip.add(`${column.name}.npy`, streamOf(npyChunks(table, column)));
  }
  await zip.add("path.npy", streamOf(pathChunks(table)));
  if (about) await zip.add("about.npy", encodeNpyText(JSON.stringify(about)));
  await zip.close();
}

/** The bytes of the paths as an array of NumPy strings: UTF-32, padded to the longest. */
async function* pathChunks(
  table: FeatureTable,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let longest = 1;
  for await (const { path } of table.rows()) {
    longest = Math.max(longest, [...path].length);
  }
  yield npyTextHeader(longest, [table.count]);
  for await (const { path } of table.rows()) {
    yield textBytes(path, longest);
  }
}
