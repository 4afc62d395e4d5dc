import { toBase64 } from "../formats/base64.ts";
import {
  columnValues,
  type FeatureColumn,
  type FeatureTable,
} from "./feature_table.ts";
import { streamOf } from "./stream_of.ts";

/** How JSON holds numbers: as the bytes in memory, or as plain numbers. */
export type JsonValues = "base64" | "plain";

/**
 * Writes a table as JSON Lines: an object for each picture, with its path and its nodes by name.
 *
 * A node is `{ dtype, shape, base64 }` with the elements little-endian in C order, or plain nested
 * lists with as many digits as the type needs. For a failed picture it is null, and `error` says
 * why.
 *
 * @param options.values Base64 (the default) or plain lists.
 * @returns UTF-8. Errors of the table become the stream's.
 *
 * @example Plain numbers
 * ```ts
 * import { featureTable, jsonlStream } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * const table = featureTable([
 *   { path: "a.jpg", values: { flatten: { data: new Float32Array([1, 2]), shape: [2] } } },
 *   { path: "b.jpg", error: new Error("it is damaged") },
 * ]);
 * const text = await new Response(jsonlStream(table, { values: "plain" })).text();
 * assert.equal(
 *   text,
 *   '{"path":"a.jpg","flatten":[1,2]}\n' +
 *     '{"path":"b.jpg","error":"it is damaged","flatten":null}\n',
 * );
 * ```
 */
export function jsonlStream(
  table: FeatureTable,
  { values = "base64" }: { readonly values?: JsonValues } = {},
): ReadableStream<Uint8Array> {
  return streamOf(chunks(table, values === "plain" ? nested : encoded));
}

async function* chunks(
  { columns, rows }: FeatureTable,
  toJson: (column: FeatureColumn, row: number) => Promise<unknown>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let i = 0;
  for await (const { path, error } of rows()) {
    const line: Record<string, unknown> = { path };
    if (error !== undefined) line.error = error;
    for (const column of columns) {
      line[column.name] = error === undefined ? await toJson(column, i) : null;
    }
    yield new TextEncoder().encode(`${JSON.stringify(line)}\n`);
    i++;
  }
}

async function encoded(column: FeatureColumn, row: number) {
  return base64Values(column, await column.read(row, row + 1));
}

/** Numbers as the bytes in memory, little-endian, with their type and shape. */
export function base64Values(
  { dtype, shape }: Pick<FeatureColumn, "dtype" | "shape">,
  bytes: Uint8Array,
): { dtype: string; shape: readonly number[]; base64: string } {
  return { dtype, shape, base64: toBase64(bytes) };
}

async function nested(column: FeatureColumn, row: number): Promise<unknown> {
  const { dtype, shape } = column;
  // So many digits tell the type's numbers apart.
  const digits = dtype === "float32" ? 9 : 5;
  return nestedValues(await columnValues(column, row, row + 1), shape, digits);
}

/** Numbers as nested lists; 9 digits tell float32 numbers apart. */
export function nestedValues(
  values: Float32Array,
  shape: readonly number[],
  digits = 9,
): unknown[] {
  let level: unknown[] = Array.from(
    values,
    (value) => Number(value.toPrecision(digits)),
  );
  for (const size of shape.slice(1).toReversed()) {
    level = Array.from(
      { length: level.length / size },
      (_, i) => level.slice(i * size, (i + 1) * size),
    );
  }
  return level;
}
