/**
 * Layers of many pictures: files in, one file out.
 *
 * @module
 */

import { requireBuiltin } from "../runtime/builtin.ts";
import { requireOneOf } from "../errors/expected.ts";
import type { ResNet } from "../model/model.ts";
import type { FeatureRow, FeatureTable } from "../tables/feature_table.ts";
import { formatOf, type FormatOptions } from "../tables/formats.ts";
import { checkExtraction, type ExtractFilesOptions } from "./compute_nodes.ts";
import { extractBatches } from "./extract_files.ts";
import { stampOf } from "./input_stamp.ts";
import type { FeatureOrigin } from "./vector_file.ts";
import type { RunDescription, WorkFolder } from "./work_folder.ts";

/** What {@linkcode extractToFile} writes, and how. */
export interface ExtractToFileOptions
  extends ExtractFilesOptions, Omit<FormatOptions, "about"> {
  /** Type of the numbers; a float16 beyond 65504 is infinite. Default `"float32"`. */
  readonly dtype?: "float32" | "float16";
  /** Continues a stopped run, if there is one. Default `false`. */
  readonly resume?: boolean;
  /** The name of the weights, for the file's metadata; a run continues only with the same. */
  readonly weights?: string;
  /** Called after each batch with the number of pictures done so far. */
  readonly onProgress?: (pictures: number) => void;
  /** Stops the run after a batch, with the signal's reason; `resume` continues it. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode extractToFile} did. */
export interface ExtractReport {
  /** Number of pictures, failed ones included. */
  readonly count: number;
  /** Number of pictures that could not be read. */
  readonly failed: number;
  /** The errors of the first five of these. */
  readonly reasons: readonly string[];
}

/**
 * Computes nodes for the pictures of many files and writes them to a file: all of it or nothing.
 *
 * Memory use doesn't grow with their number. Until the end, features wait in the folder
 * `<out>.part`, which takes about as much disk space as the file. The folder stays if the run is
 * stopped; with `resume`, the same run continues from there and gives the same bytes. A picture that
 * can't be read keeps its place: null in `.parquet` and `.jsonl`, NaN elsewhere. One process at a time
 * writes a file: a second one is refused, also with `resume`, while the first runs.
 *
 * @param model A model; create it with the same names to load no more than they need.
 * @param files Paths or URLs of pictures, and of `.npy` files with normalized float32 batches
 *   `[N, 3, H, W]`.
 * @param names Nodes, as for {@linkcode ResNet.extract}.
 * @param out A path that ends in `.npz`, `.npy` (one node), `.safetensors`, `.parquet` or `.jsonl`.
 * @param options Layout, pooling, type of the numbers, resume.
 * @throws {RangeError} If a node or the format doesn't exist, an option is unknown, or there are
 *   no files.
 * @throws {TypeError} If the values of two pictures differ in shape.
 * @throws {Error} If no picture can be read, the file can't be written, another process is writing
 *   it, a stopped run is there and `resume` is not set, or the stopped run is damaged or differs
 *   from this one in weights, options or pictures.
 *
 * @example A table for a database
 * ```ts ignore
 * import { createModel } from "@layertap/resnet";
 * import { extractToFile } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const files = ["a.jpg", "b.jpg"];
 * const { count, failed } = await extractToFile(model, files, ["flatten"], "features.parquet");
 * assert.deepEqual([count, failed], [2, 0]);
 * ```
 */
export async function extractToFile(
  model: ResNet,
  files: Iterable<string> | AsyncIterable<string>,
  names: readonly string[],
  out: string,
  options: ExtractToFileOptions = {},
): Promise<ExtractReport> {
  const { dtype = "float32", layout = "nchw", pool = "none" } = options;
  requireOneOf("dtype", dtype, ["float32", "float16"]);
  checkExtraction(model, names, options);
  const nodes = [...new Set(names)];
  const toStream = formatOf(out, nodes.length);
  const { realpath } = requireBuiltin("node:fs/promises");
  const { WorkFolder } = await import("./work_folder.ts");
  const fingerprints = await Promise.all(
    nodes.map(async (node) => [node, await model.fingerprint(node)] as const),
  );
  const about: FeatureOrigin = {
    arch: model.arch,
    layout,
    pool,
    ...options.pca && { pca: await options.pca.fingerprint() },
    ...options.draft && { draft: true },
    ...options.exifOrientation && { exifOrientation: true },
    ...options.region && { region: options.region },
    ...options.crop === "none" && { crop: "none" },
    preset: model.preset,
    weights: options.weights,
    fingerprints: Object.fromEntries(fingerprints),
  };
  const run: RunDescription = {
    nodes,
    dtype,
    ...about,
    normalize: options.normalize ?? false,
  };
  const target = await realpath(out).catch(() => out);
  const folder = await WorkFolder.open(
    `${target}.part`,
    run,
    options.resume ?? false,
  );
  try {
    await collect(model, files, nodes, folder, options);
    const table = folder.table();
    const report = await reportOn(table);
    await folder.become(target, await toStream(table, { ...options, about }));
    return report;
  } catch (error) {
    const { count, columns } = folder.table();
    if (count > 0 && columns.length > 0) await folder.close();
    else await folder.remove(); // Nothing to resume.
    throw error;
  }
}

/** Computes what the folder doesn't have yet. */
export async function collect(
  model: ResNet,
  files: Iterable<string> | AsyncIterable<string>,
  names: readonly string[],
  folder: WorkFolder,
  options:
    & ExtractFilesOptions
    & Pick<ExtractToFileOptions, "onProgress" | "signal">,
): Promise<void> {
  const recorded = folder.rows();
  const stamps: Promise<string | undefined>[] = [];
  let count = 0;
  const isDone = async (path: string) => {
    const stamp = stampOf(path);
    const { done, value } = await recorded.next();
    if (done) {
      stamps.push(stamp);
      return false;
    }
    if (value.path !== path) throw otherFiles(count, value, `it is "${path}"`);
    if (value.stamp !== await stamp) throw changedFile(path, folder);
    count++;
    return true;
  };
  const batches = extractBatches(model, files, names, options, isDone);
  for await (const batch of batches) {
    const done = await Promise.all(stamps.splice(0, batch.length));
    await folder.add(batch, done);
    count += batch.length;
    options.onProgress?.(count);
    if (options.signal?.aborted) {
      await folder.commit();
      throw options.signal.reason;
    }
  }
  await folder.commit();
  const { done, value } = await recorded.next();
  if (!done) throw otherFiles(count, value, "the list ends before it");
}

function otherFiles(i: number, { path }: FeatureRow, now: string): Error {
  return new Error(
    `cannot resume: picture ${i + 1} was "${path}", now ${now}; ` +
      "pass the same files in the same order",
  );
}

function changedFile(path: string, folder: WorkFolder): Error {
  return new Error(
    `cannot resume: "${path}" has changed since it was read; ` +
      `delete "${folder.path}" to start over`,
  );
}

/** @throws {Error} If no picture could be read. */
export async function reportOn(table: FeatureTable): Promise<ExtractReport> {
  const reasons: string[] = [];
  let failed = 0;
  for await (const { error } of table.rows()) {
    if (error === undefined) continue;
    failed++;
    if (reasons.length < 5) reasons.push(error);
  }
  if (table.count === 0) {
    throw new RangeError("files: expected at least one, got none");
  }
  if (failed === table.count) {
    throw new Error(
      failed === 1
        ? reasons[0]
        : `cannot read any of the ${failed} pictures; the first: ${reasons[0]}`,
    );
  }
  return { count: table.count, failed, reasons };
}
