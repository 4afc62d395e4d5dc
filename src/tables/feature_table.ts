/**
 * What every file format is written from: nodes of many pictures, row by row.
 *
 * @module
 */

import { decodeElements, itemSize, toFloat32 } from "../formats/elements.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** What a node's values look like. */
export interface FeatureType {
  /** The node's name. */
  readonly name: string;
  /** Type of the elements. */
  readonly dtype: "float32" | "float16";
  /** Dimensions of one picture's value. */
  readonly shape: readonly number[];
}

/** A node's values for many pictures. */
export interface FeatureColumn extends FeatureType {
  /** The elements of some rows, C order, little-endian; NaN for a picture that failed. */
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Nodes of many pictures. It may be larger than memory: it is read in parts, and several times. */
export interface FeatureTable {
  /** Number of pictures. */
  readonly count: number;
  /** A column for each node. */
  readonly columns: readonly FeatureColumn[];
  /** The pictures, in order. */
  rows(): Iterable<FeatureRow> | AsyncIterable<FeatureRow>;
}

/** A picture of a table. */
export interface FeatureRow {
  /** What it is called: its file. */
  readonly path: string;
  /** Why there are no values for it, if so. */
  readonly error?: string;
}

/** The nodes of one picture, or why there are none. */
export interface FileFeatures {
  /** The picture's file; `x.npy[3]` for a picture of a batch. */
  readonly path: string;
  /** The values by node, each without the batch's dimension: `[C, H, W]`, `[C]`. */
  readonly values?: Readonly<Record<string, ShapedArray>>;
  /** Why there are none. */
  readonly error?: Error;
}

/**
 * A table of what is in memory.
 *
 * @param features The pictures; at least one has values.
 * @throws {RangeError} If none has.
 * @throws {TypeError} If the values of two differ in shape.
 *
 * @example A Parquet file of two pictures
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { extractFiles, featureTable, parquetStream } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const files = ["examples/images/chelsea.png", "examples/images/rocket.jpg"];
 * const features = await Array.fromAsync(extractFiles(model, files, ["flatten"]));
 * const bytes = await new Response(parquetStream(featureTable(features))).bytes();
 * assert.equal(new TextDecoder().decode(bytes.subarray(0, 4)), "PAR1");
 * ```
 */
export function featureTable(features: readonly FileFeatures[]): FeatureTable {
  const first = features.find(({ values }) => values)?.values;
  if (!first) {
    throw new RangeError("featureTable: no picture has values, one must");
  }
  for (const { path, values = {} } of features) {
    for (const [name, { shape }] of Object.entries(values)) {
      requireSameShape(name, first[name]?.shape, shape, path);
    }
  }
  return {
    count: features.length,
    rows: () =>
      features.map(({ path, error }) => ({ path, error: error?.message })),
    columns: Object.entries(first).map((
      [name, { shape, data: { length } }],
    ) => ({
      name,
      dtype: "float32",
      shape,
      read(from, to) {
        const data = new Float32Array((to - from) * length);
        features.slice(from, to).forEach(({ values }, i) => {
          if (values) data.set(values[name].data, i * length);
          else data.fill(NaN, i * length, (i + 1) * length);
        });
        return Promise.resolve(new Uint8Array(data.buffer));
      },
    })),
  };
}

/** @throws {TypeError} If a picture's value can't stand in one array with those before it. */
export function requireSameShape(
  name: string,
  wanted: readonly number[] | undefined,
  given: readonly number[],
  path: string,
): void {
  if (`${wanted}` === `${given}`) return;
  throw new TypeError(
    `cannot stack "${name}" of "${path}": it is [${given.join(", ")}], ` +
      `[${wanted?.join(", ")}] is allowed, as the files before it have it`,
  );
}

/** The pictures of a table, one by one. */
export async function* rowsOf(
  table: FeatureTable,
): AsyncGenerator<FeatureRow, undefined> {
  yield* table.rows();
}

/** Number of elements in a row. */
export function rowLength({ shape }: FeatureType): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Bytes of a row. */
export function rowBytes(type: FeatureType): number {
  return itemSize(type.dtype) * rowLength(type);
}

/** The values of some rows, NaN for a picture that failed. */
export async function columnValues(
  column: FeatureColumn,
  from: number,
  to: number,
): Promise<Float32Array> {
  return toFloat32(decodeElements(await column.read(from, to), column.dtype));
}

/** What is read at once of a table larger than memory. */
const blockBytes = 1 << 20;

/** The elements of a column from the first row to the last. */
export async function* columnBytes(
  { count }: FeatureTable,
  column: FeatureColumn,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const step = Math.max(1, Math.floor(blockBytes / rowBytes(column)));
  for (let from = 0; from < count; from += step) {
    yield await column.read(from, Math.min(from + step, count));
  }
}

/** Chunks as a stream; what they throw is the stream's error. */
export function streamOf(
  chunks: AsyncIterable<Uint8Array>,
): ReadableStream<Uint8Array> {
  const rest = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await rest.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await rest.return?.();
    },
  }, { highWaterMark: 0 });
}
