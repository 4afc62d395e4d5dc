/**
 * Arrow IPC streams: one batch of features for each batch of pictures.
 *
 * @module
 */

import type { RecordBatch, Schema, Vector } from "@apache-arrow/esnext-esm";
import { asIs, expected, few } from "../errors/expected.ts";
import { concat } from "../formats/concat.ts";
import { ByteQueue } from "../formats/byte_queue.ts";
import type { FeatureType } from "../tables/feature_table.ts";
import { type Frame, readFrames } from "./frames.ts";
import type {
  PictureAnswer,
  PictureRequest,
  Protocol,
  ProtocolSettings,
  WorkerRequest,
} from "./protocol.ts";

type Arrow = typeof import("@apache-arrow/esnext-esm");

/**
 * In: the columns `path`, a string, and `content`, binary, or null to read the file at `path`; other
 * columns are ignored. Out: `path`, a list of float32 for each node, null for a picture that failed,
 * and `error`, null for the others. The schema's `layertap` metadata is the same as in Parquet files.
 */
export async function arrowProtocol(
  settings: ProtocolSettings,
): Promise<Protocol> {
  const arrow = await import("@apache-arrow/esnext-esm");
  const schema = answerSchema(arrow, settings);
  const empty = arrow.tableToIPC(new arrow.Table(schema), "stream");
  // The schema and the end mark enclose the answers.
  const head = empty.subarray(0, -8);
  const tail = empty.subarray(-8);
  return {
    head,
    tail,
    requests: (input) => requests(arrow, input, settings.maxBytes),
    encode(answers) {
      const batch = answerBatch(arrow, schema, answers, settings);
      const stream = arrow.tableToIPC(new arrow.Table(batch), "stream");
      return stream.subarray(head.length, -tail.length);
    },
  };
}

async function* requests(
  arrow: Arrow,
  input: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<WorkerRequest> {
  const queue = new ByteQueue("input", input);
  let read: ReadBatch | undefined;
  try {
    for await (const frame of readFrames(queue, maxBytes)) {
      if (frame.kind === "schema") read ??= readerOf(arrow, frame);
      if (frame.kind !== "batch") continue; // No column that counts has a dictionary.
      if (!read) throw damaged("expected a schema before the first batch");
      yield read(frame);
    }
  } finally {
    queue.close();
  }
}

/** The pictures of a batch; they share its bytes. */
type ReadBatch = (frame: Frame) => PictureRequest[];

/** The part of Arrow's reader that knows the schema and makes columns; the version is pinned. */
interface ColumnLoader {
  readonly schema: Schema;
  _loadVectors(
    header: unknown,
    body: Uint8Array,
    fields: readonly Schema["fields"][number][],
  ): Vector["data"][number][];
}

/** A batch, as its frame describes it. */
interface BatchHeader {
  readonly length: number;
  readonly compression: unknown;
}

/**
 * Prepares for the batches of a schema. A batch costs as much as its columns up to the last that
 * counts.
 */
function readerOf(arrow: Arrow, { bytes }: Frame): ReadBatch {
  const loader = attempt(() => {
    const reader = arrow.RecordBatchReader.from(concat(bytes)).open();
    return (reader as unknown as { readonly _impl: ColumnLoader })._impl;
  });
  const { fields } = loader.schema;
  const [path, content] = ["path", "content"].map((wanted) =>
    fields.findIndex(({ name }) => name === wanted)
  );
  requireTypes(arrow, fields, path, content);
  const needed = fields.slice(0, Math.max(path, content) + 1);
  return ({ header, bytes }) =>
    attempt(() => {
      const batch = header() as BatchHeader;
      if (batch.compression) throw new Error("its batches are compressed");
      const columns = loader._loadVectors(batch, bytes[2], needed);
      const pictures = new arrow.Vector([columns[path]]);
      const contents = content < 0
        ? undefined
        : new arrow.Vector([columns[content]]);
      // Each row takes at least an offset, so that this bounds the rows, too.
      requireWithin("path", pictures, batch.length);
      if (contents) requireWithin("content", contents, batch.length);
      return Array.from({ length: batch.length }, (_, i) => ({
        path: pictures.get(i) ?? "",
        content: contents?.get(i) ?? undefined,
      }));
    });
}

function requireTypes(
  { DataType }: Arrow,
  fields: Schema["fields"],
  path: number,
  content: number,
): void {
  const [paths, contents] = [fields[path]?.type, fields[content]?.type];
  const isText = DataType.isUtf8(paths) || DataType.isLargeUtf8(paths);
  const isBinary = content < 0 || DataType.isBinary(contents) ||
    DataType.isLargeBinary(contents);
  if (isText && isBinary) return;
  const given = attempt(() => few(fields.map(String))); // Damaged types have no words.
  throw new SyntaxError(
    expected(
      "request batch",
      "columns {path: Utf8, content: Binary}",
      asIs(`{${given}}`),
    ),
  );
}

/** Arrow's errors as those of a damaged stream. */
function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw damaged((cause as Error).message, cause);
  }
}

const damaged = (why: string, cause?: unknown) =>
  new SyntaxError(`cannot read "input": ${why}`, { cause });

/** @throws {Error} If the offsets of a column lead beyond its values. */
function requireWithin(name: string, column: Vector, rows: number): void {
  const wrong = () => new Error(`offsets of "${name}" lead beyond its buffers`);
  if (column.length !== rows) throw wrong();
  for (
    const { length, valueOffsets, values, nullBitmap, nullCount } of column.data
  ) {
    if (length === 0) continue;
    const isShort = valueOffsets.length <= length ||
      (nullCount > 0 && 8 * nullBitmap.length < length);
    if (isShort) throw wrong();
    for (let i = 0; i < length; i++) {
      if (!(valueOffsets[i] <= valueOffsets[i + 1])) throw wrong();
    }
    if (!(valueOffsets[0] >= 0 && valueOffsets[length] <= values.length)) {
      throw wrong();
    }
  }
}

function answerSchema(arrow: Arrow, settings: ProtocolSettings): Schema {
  const { Field, Float32, Float64, List, Utf8 } = arrow;
  const { columns, timings, about } = settings;
  const shapes = Object.fromEntries(columns.map((c) => [c.name, c.shape]));
  const seconds = (name: string) => new Field(name, new Float64(), false);
  const element = new Field("element", new Float32(), false);
  return new arrow.Schema(
    [
      new Field("path", new Utf8(), false),
      ...columns.map(({ name }) => new Field(name, new List(element), true)),
      new Field("error", new Utf8(), true),
      ...timings ? [seconds("decode_seconds"), seconds("compute_seconds")] : [],
    ],
    new Map([["layertap", JSON.stringify({ shapes, ...about })]]),
  );
}

function answerBatch(
  arrow: Arrow,
  schema: Schema,
  answers: readonly PictureAnswer[],
  { columns, timings }: ProtocolSettings,
): RecordBatch {
  const { Float64, makeData, Struct, Utf8, vectorFromArray } = arrow;
  const texts = (values: (string | null)[]) =>
    vectorFromArray(values, new Utf8()).data[0];
  const seconds = (of: (answer: PictureAnswer) => number) => {
    const data = Float64Array.from(answers, of);
    return makeData({ type: new Float64(), length: data.length, data });
  };
  const children = [
    texts(answers.map(({ path }) => path)),
    ...columns.map((column, i) =>
      listData(arrow, schema.fields[1 + i].type, column, answers)
    ),
    texts(answers.map(({ error }) => error?.message ?? null)),
    ...timings
      ? [
        seconds(({ decodeSeconds }) => decodeSeconds),
        seconds(({ computeSeconds }) => computeSeconds),
      ]
      : [],
  ];
  const type = new Struct(schema.fields);
  const data = makeData({ type, length: answers.length, children });
  return new arrow.RecordBatch(schema, data);
}

/** A node's values, one picture after the other; null for one that failed. */
function listData(
  { Float32, makeData, util }: Arrow,
  type: Schema["fields"][number]["type"],
  { name }: FeatureType,
  answers: readonly PictureAnswer[],
) {
  const valueOffsets = new Int32Array(answers.length + 1);
  answers.forEach(({ values }, i) => {
    valueOffsets[i + 1] = valueOffsets[i] + (values?.[name].data.length ?? 0);
  });
  const data = new Float32Array(valueOffsets.at(-1)!);
  answers.forEach(({ values }, i) => {
    if (values) data.set(values[name].data, valueOffsets[i]);
  });
  return makeData({
    type: type as import("@apache-arrow/esnext-esm").List,
    length: answers.length,
    nullCount: answers.filter(({ values }) => !values).length,
    nullBitmap: util.packBools(answers.map(({ values }) => Boolean(values))),
    valueOffsets,
    child: makeData({ type: new Float32(), length: data.length, data }),
  });
}
