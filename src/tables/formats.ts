import type { FeatureTable } from "./feature_table.ts";
import type { JsonValues } from "./jsonl.ts";

/** What some formats want to know. */
export interface FormatOptions {
  /** How `.jsonl` has numbers. Default `"base64"`. */
  readonly jsonValues?: JsonValues;
  /** Noted in `.parquet`, e.g. `{ arch: "resnet50" }`. */
  readonly about?: Readonly<Record<string, unknown>>;
}

/** Writes a table in some format. */
export type FormatWriter = (
  table: FeatureTable,
  options: FormatOptions,
) => Promise<ReadableStream<Uint8Array>>;

const writers: Readonly<Record<string, FormatWriter>> = {
  npz: async (table) => (await import("./npz.ts")).npzStream(table),
  npy: async (table) => (await import("./npy.ts")).npyStream(table),
  safetensors: async (table) =>
    (await import("./safetensors.ts")).safetensorsStream(table),
  parquet: async (table, { about }) =>
    (await import("./parquet.ts")).parquetStream(table, about),
  jsonl: async (table, { jsonValues }) =>
    (await import("./jsonl.ts")).jsonlStream(table, { values: jsonValues }),
};

/**
 * The format that a file's name asks for.
 *
 * @throws {RangeError} If there is none, or it can't hold so many nodes.
 */
export function formatOf(path: string, nodes: number): FormatWriter {
  const ending = /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? "";
  if (!Object.hasOwn(writers, ending)) {
    const known = Object.keys(writers).map((name) => `.${name}`).join(", ");
    throw new RangeError(
      `cannot write "${path}": the name's ending says in what format; ` +
        `${known} are allowed`,
    );
  }
  if (ending === "npy" && nodes !== 1) {
    throw new RangeError(
      `cannot write ${nodes} nodes to "${path}": a .npy holds one; ` +
        "a .npz holds several",
    );
  }
  return writers[ending];
}
