/**
 * The file formats of features, by the end of a file's name.
 *
 * @module
 */

import type { FeatureTable } from "./feature_table.ts";
import type { JsonValues } from "./jsonl.ts";

/** Options of single formats; the others ignore them. */
export interface FormatOptions {
  /** How `.jsonl` writes numbers. Default `"base64"`. */
  readonly jsonValues?: JsonValues;
  /** Metadata for `.parquet`, `.npz` and `.safetensors`, e.g. `{ arch: "resnet50" }`. */
  readonly about?: Readonly<Record<string, unknown>>;
}

/** Writes a table in one format. */
export type FormatWriter = (
  table: FeatureTable,
  options: FormatOptions,
) => Promise<ReadableStream<Uint8Array>>;

const writers = {
  npz: async (table, { about }) =>
    (await import("./npz.ts")).npzStream(table, about),
  npy: async (table) => (await import("./npy.ts")).npyStream(table),
  safetensors: async (table, { about }) =>
    (await import("./safetensors.ts")).safetensorsStream(table, about),
  parquet: async (table, { about }) =>
    (await import("./parquet.ts")).parquetStream(table, about),
  jsonl: async (table, { jsonValues }) =>
    (await import("./jsonl.ts")).jsonlStream(table, { values: jsonValues }),
} satisfies Record<string, FormatWriter>;

/** The formats by their ending. */
export const formats: Readonly<Record<keyof typeof writers, FormatWriter>> =
  writers;

/** The formats that a server offers, and their media types. */
export const mediaTypes = {
  npy: "application/x-npy",
  npz: "application/x-npz",
  safetensors: "application/x-safetensors",
} as const satisfies Partial<Record<keyof typeof writers, string>>;

/** The endings of files: `.npz, .npy, …`. */
export const endings: string = Object.keys(writers)
  .map((name) => `.${name}`).join(", ");

/**
 * The format for a file's name.
 *
 * @throws {RangeError} If the name has no known ending, or the format can't hold so many nodes.
 */
export function formatOf(path: string, nodes: number): FormatWriter {
  const ending = /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? "";
  if (!Object.hasOwn(formats, ending)) {
    throw new RangeError(
      `cannot write "${path}": expected a name that ends in one of ${endings}`,
    );
  }
  if (ending === "npy" && nodes !== 1) {
    throw new RangeError(
      `cannot write ${nodes} nodes to "${path}": a .npy holds one; use .npz`,
    );
  }
  return formats[ending as keyof typeof formats];
}
