/**
 * Scores of many pictures in one file.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import type { InputOptions } from "../extract/load_input.ts";
import {
  type ExtractReport,
  resumableRun,
  type RunOptions,
} from "../extract/resumable_run.ts";
import { decodeElements } from "../formats/elements.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import { createSha256 } from "../runtime/sha256.ts";
import type { FeatureTable, FileFeatures } from "../tables/feature_table.ts";
import { streamOf } from "../tables/stream_of.ts";
import { bankParts, type PatchCore } from "./patch_core.ts";
import { type FileScore, scoreBatches } from "./score_files.ts";

/** The options of {@linkcode scoreToFile}. */
export interface ScoreToFileOptions extends InputOptions, RunOptions {
  /** Above this score a picture is anomalous. Without it, the file doesn't say. */
  readonly threshold?: number;
  /**
   * Called with each picture's map before its score is recorded, say to draw it; a resumed run calls
   * it only for pictures that have no score yet, with null for the others.
   */
  readonly onMap?: (path: string, map: ShapedArray | null) => Promise<void>;
}

/** The first line of a file of scores. */
export const csvHeader = "path,score,map_max,anomalous,error\n";

/**
 * Scores the pictures of many files and writes a table: all of it or nothing, as `extractToFile`
 * does, with `resume` for a stopped run.
 *
 * The table has a line for each picture: its path, its score, the largest value of its map, `true` or
 * `false` if there is a threshold, and why it couldn't be read.
 *
 * @param bank The good pictures.
 * @param files Paths or URLs of pictures, and of `.npy` files with normalized batches.
 * @param out A path that ends in `.csv`.
 * @param options How pictures are read, the threshold, and `resume`.
 * @throws {RangeError} If the file's name has another ending, or there are no files.
 * @throws {Error} As `extractToFile`.
 *
 * @example A table of scores
 * ```ts ignore
 * import { createModel } from "@layertap/resnet";
 * import { loadPatchCore, scoreToFile } from "@layertap/resnet/anomaly";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * using bank = await loadPatchCore(model, "bank.npz");
 * const threshold = bank.threshold().score;
 * const { count } = await scoreToFile(bank, ["a.jpg", "b.jpg"], "scores.csv", { threshold });
 * assert.equal(count, 2);
 * ```
 */
export async function scoreToFile(
  bank: PatchCore,
  files: Iterable<string> | AsyncIterable<string>,
  out: string,
  options: ScoreToFileOptions = {},
): Promise<ExtractReport> {
  requireCsv(out);
  const run = {
    nodes: ["score", "map_max"],
    dtype: "float32",
    bank: bank.origin,
    patches: await hashOf(bankParts(bank).content.rows),
  } as const;
  return await resumableRun(
    out,
    run,
    options,
    (skip) => rowsOf(bank, files, options, skip),
    (table) => Promise.resolve(streamOf(csvOf(table, options.threshold))),
  );
}

/** @throws {RangeError} If the name of a table has another ending. */
export function requireCsv(out: string): void {
  if (out.toLowerCase().endsWith(".csv")) return;
  throw new RangeError(expected("", "a name that ends in .csv", out));
}

async function hashOf(rows: Float32Array<ArrayBuffer>): Promise<string> {
  const hash = await createSha256();
  hash.update(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
  return hash.digest();
}

/** Scores as rows of a table. */
async function* rowsOf(
  bank: PatchCore,
  files: Iterable<string> | AsyncIterable<string>,
  options: ScoreToFileOptions,
  skip: (path: string) => Promise<boolean>,
): AsyncGenerator<FileFeatures[]> {
  const { onMap } = options;
  const skipped = async (path: string) => {
    const isDone = await skip(path);
    if (isDone) await onMap?.(path, null);
    return isDone;
  };
  for await (const batch of scoreBatches(bank, files, options, skipped)) {
    for (const row of batch) {
      await onMap?.(row.path, row.error ? null : row.map);
    }
    yield batch.map(rowOf);
  }
}

function rowOf(row: FileScore): FileFeatures {
  const { path } = row;
  if (row.error) return { path, error: row.error };
  const value = (number: number) => ({
    data: Float32Array.of(number),
    shape: [1],
  });
  const { score, map } = row;
  return {
    path,
    values: { score: value(score), map_max: value(maximum(map)) },
  };
}

/** The largest value of a map. */
export const maximum = ({ data }: ShapedArray): number =>
  data.reduce((a, b) => Math.max(a, b));

async function* csvOf(
  { rows, columns }: FeatureTable,
  threshold: number | undefined,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(csvHeader);
  let i = 0;
  for await (const { path, error } of rows()) {
    const values: number[] = [];
    for (const { read } of error === undefined ? columns : []) {
      const bytes = await read(i, i + 1);
      values.push(Number(decodeElements(bytes, "float32", true)[0]));
    }
    yield encoder.encode(csvLine(path, values, threshold, error));
    i++;
  }
}

/** A line of the table, as {@linkcode csvHeader} names its fields. */
export function csvLine(
  path: string,
  [score, max]: readonly number[],
  threshold: number | undefined,
  error = "",
): string {
  const isAnomalous = threshold === undefined || error ? "" : score > threshold;
  const fields = error ? ["", ""] : [text(score), text(max)];
  return `${[quoted(path), ...fields, isAnomalous, quoted(error)].join(",")}\n`;
}

/** As many digits as a float32 has. */
const text = (value: number) => `${Number(value.toPrecision(7))}`;

/** A field as in RFC 4180. */
const quoted = (field: string) =>
  /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
