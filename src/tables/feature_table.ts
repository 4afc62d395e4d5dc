/**
 * Nodes of many pictures as a table, which every file format is written from.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { decodeElements, itemSize, toFloat32 } from "../formats/elements.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import { rowBlocks } from "./row_blocks.ts";

/** The type and shape of a node's values. */
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
  /** The elements of some rows, in C order, little-endian; NaN for a failed picture. */
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Nodes of many pictures. It may be larger than memory: readers take it in parts, several times. */
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
  /** Its name: the file's, or `x.npy[3]` for a picture of a batch. */
  readonly path: string;
  /** Why it has no values, if it failed. */
  readonly error?: string;
}

/** The nodes of one picture, or why it has none. */
export interface FileFeatures {
  /** The picture's file, or `x.npy[3]` for a picture of a batch. */
  readonly path: string;
  /** The values by node, without the batch's dimension: `[C, H, W]`, `[C]`. */
  readonly values?: Readonly<Record<string, ShapedArray>>;
  /** Why it has no values, if it failed. */
  readonly error?: Error;
}

/**
 * Makes a table of features in memory.
 *
 * @param features The pictures, of which at least one has values.
 * @throws {RangeError} If none has values.
 * @throws {TypeError} If the values of two pictures differ in shape.
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
    throw new RangeError(
      "features: expected at least one picture with values, got none",
    );
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

/** @throws {TypeError} If a picture's value differs in shape from the first picture's. */
export function requireSameShape(
  name: string,
  first: readonly number[] | undefined,
  shape: readonly number[],
  path: string,
): void {
  if (`${first}` === `${shape}`) return;
  throw new TypeError(expected(
    `cannot stack "${name}" of "${path}"`,
    `[${first?.join(", ")}] as in the pictures before`,
    shape,
  ));
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

/** The values of some rows, NaN for a failed picture. */
export async function columnValues(
  column: FeatureColumn,
  from: number,
  to: number,
): Promise<Float32Array> {
  return toFloat32(decodeElements(await column.read(from, to), column.dtype));
}

/** The elements of a column, from the first row to the last. */
export async function* columnBytes(
  { count }: FeatureTable,
  column: FeatureColumn,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const { from, to } of rowBlocks(count, rowBytes(column))) {
    yield await column.read(from, to);
  }
}
