import {
  columnValues,
  type FeatureColumn,
  type FeatureTable,
  streamOf,
} from "./feature_table.ts";

/** How numbers are written: as they stand in memory, or as JSON has them. */
export type JsonValues = "base64" | "plain";

/**
 * The bytes of JSON Lines, an object for each picture: its path, and its nodes by name.
 *
 * A node is `{ dtype, shape, base64 }`, the elements little-endian in C order, or plain nested
 * lists, with as many digits as the type needs. It is null for a picture that failed; `error` says
 * why.
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

/** Numbers as they stand in memory, little-endian, with what is needed to read them. */
export function base64Values(
  { dtype, shape }: Pick<FeatureColumn, "dtype" | "shape">,
  bytes: Uint8Array,
): { dtype: string; shape: readonly number[]; base64: string } {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return { dtype, shape, base64: btoa(text) };
}

async function nested(column: FeatureColumn, row: number): Promise<unknown> {
  const { dtype, shape } = column;
  // With these digits the nearest number of the type is the one that was written.
  const digits = dtype === "float32" ? 9 : 5;
  return nestedValues(await columnValues(column, row, row + 1), shape, digits);
}

/** Numbers as nested lists, as JSON has arrays; 9 digits tell float32 numbers apart. */
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
