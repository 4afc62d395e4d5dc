import type { SchemaElement } from "hyparquet";
import {
  columnValues,
  type FeatureColumn,
  type FeatureRow,
  type FeatureTable,
  rowLength,
  rowsOf,
} from "./feature_table.ts";
import { streamOf } from "./stream_of.ts";

/** Values of a row group; encoding leaves about 200 bytes of garbage for each. */
const groupValues = 1 << 15;

/**
 * Writes a table as Parquet: a column `path`, and for each node a list of floats in C order, null
 * for a failed picture.
 *
 * Arrow readers (PyArrow, Polars) see lists of a fixed size; DuckDB sees `FLOAT[]`. The metadata
 * entry `layertap` is JSON: the shapes by node, and `about`.
 *
 * @param about Further metadata, e.g. `{ arch: "resnet50" }`.
 * @returns The file's bytes. Errors of the table become the stream's.
 *
 * @example A table for a database
 * ```ts
 * import { featureTable, parquetStream } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * const table = featureTable([
 *   { path: "a.jpg", values: { flatten: { data: new Float32Array([1, 2]), shape: [2] } } },
 *   { path: "b.jpg", error: new Error("it is damaged") },
 * ]);
 * const bytes = await new Response(parquetStream(table)).bytes();
 * assert.equal(new TextDecoder().decode(bytes.subarray(-4)), "PAR1");
 * ```
 */
export function parquetStream(
  table: FeatureTable,
  about: Readonly<Record<string, unknown>> = {},
): ReadableStream<Uint8Array> {
  return streamOf(chunks(table, about));
}

async function* chunks(
  table: FeatureTable,
  about: Readonly<Record<string, unknown>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const { arrowSchema } = await import("./arrow_schema.ts");
  const { count, columns } = table;
  const shapes = Object.fromEntries(columns.map((c) => [c.name, c.shape]));
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [
      { name: "schema", num_children: 1 + columns.length },
      {
        name: "path",
        type: "BYTE_ARRAY",
        converted_type: "UTF8",
        repetition_type: "REQUIRED",
      },
      ...columns.flatMap(listSchema),
    ],
    codec: "UNCOMPRESSED", // Features hardly shrink.
    statistics: false,
    createdBy: "layertap",
    kvMetadata: [
      { key: "ARROW:schema", value: arrowSchema(columns) },
      { key: "layertap", value: JSON.stringify({ shapes, ...about }) },
    ],
  });
  const written = () => {
    const bytes = writer.getBytes().slice() as Uint8Array<ArrayBuffer>;
    writer.index = 0; // The buffer is used again.
    return bytes;
  };

  const valuesInRow = columns.map(rowLength).reduce((a, b) => a + b);
  const groupRows = Math.max(1, Math.floor(groupValues / valuesInRow));
  const rows = rowsOf(table);
  for (let from = 0; from < count; from += groupRows) {
    const to = Math.min(from + groupRows, count);
    const group: FeatureRow[] = [];
    while (group.length < to - from) group.push((await rows.next()).value!);
    const lists = columns.map(async (column) => {
      const values = await columnValues(column, from, to);
      const length = rowLength(column);
      return group.map(({ error }, i) =>
        error === undefined
          ? Array.from(values.subarray(i * length, (i + 1) * length))
          : null
      );
    });
    const data = [group.map(({ path }) => path), ...await Promise.all(lists)];
    parquet.write({
      columnData: ["path", ...columns.map(({ name }) => name)]
        .map((name, i) => ({ name, data: data[i], encoding: "PLAIN" })),
      rowGroupSize: to - from,
    });
    yield written();
  }
  parquet.finish();
  yield written();
}

/** The three levels of a Parquet list. */
function listSchema({ name, dtype }: FeatureColumn): SchemaElement[] {
  const element = { name: "element", repetition_type: "REQUIRED" } as const;
  return [
    {
      name,
      converted_type: "LIST",
      repetition_type: "OPTIONAL",
      num_children: 1,
    },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    dtype === "float32" ? { ...element, type: "FLOAT" } : {
      ...element,
      type: "FIXED_LEN_BYTE_ARRAY",
      type_length: 2,
      logical_type: { type: "FLOAT16" },
    },
  ];
}
