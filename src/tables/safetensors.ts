import { columnBytes, type FeatureTable, rowBytes } from "./feature_table.ts";
import { streamOf } from "./stream_of.ts";

const dtypeNames = { float32: "F32", float16: "F16" } as const;

/**
 * Writes a table as `.safetensors`: a tensor `[N, …]` for each node, the pictures stacked, NaN for
 * a failed one.
 *
 * Source: the format's description in huggingface/safetensors, README.
 *
 * @param about Metadata, e.g. `{ arch: "resnet50" }`: JSON in `__metadata__`, under `layertap`.
 * @returns The file's bytes. Errors of the table become the stream's.
 *
 * @example The header
 * ```ts
 * import { featureTable, safetensorsStream } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * const table = featureTable([
 *   { path: "a.jpg", values: { flatten: { data: new Float32Array([1, 2]), shape: [2] } } },
 *   { path: "b.jpg", error: new Error("it is damaged") },
 * ]);
 * const text = await new Response(safetensorsStream(table)).text();
 * assert.match(text, /"flatten":{"dtype":"F32","shape":\[2,2\],"data_offsets":\[0,16\]}/);
 * ```
 */
export function safetensorsStream(
  table: FeatureTable,
  about?: Readonly<Record<string, unknown>>,
): ReadableStream<Uint8Array> {
  return streamOf(chunks(table, about));
}

async function* chunks(
  table: FeatureTable,
  about?: Readonly<Record<string, unknown>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield header(table, about);
  for (const column of table.columns) yield* columnBytes(table, column);
}

/** The header: its length in 8 bytes, then JSON, padded to align the tensors. */
function header(
  { count, columns }: FeatureTable,
  about?: Readonly<Record<string, unknown>>,
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const tensors = columns.map((column) => {
    const start = end;
    end += count * rowBytes(column);
    return [column.name, {
      dtype: dtypeNames[column.dtype],
      shape: [count, ...column.shape],
      data_offsets: [start, end],
    }];
  });
  const json = new TextEncoder().encode(
    JSON.stringify({
      ...about && { __metadata__: { layertap: JSON.stringify(about) } },
      ...Object.fromEntries(tensors),
    }),
  );
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
