/**
 * Layers of many pictures: files in, one file out.
 *
 * @module
 */

import {
  checkExtraction,
  extractBatches,
  type ExtractFilesOptions,
} from "./extract_files.ts";
import type { ResNet } from "../model/model.ts";
import {
  type FeatureRow,
  type FeatureTable,
  rowsOf,
} from "../tables/feature_table.ts";
import { formatOf, type FormatOptions } from "../tables/formats.ts";
import type { RunDescription, WorkFolder } from "./work_folder.ts";

/** How {@linkcode extractToFile} goes about it. */
export interface ExtractToFileOptions
  extends ExtractFilesOptions, Omit<FormatOptions, "about"> {
  /** Type of the numbers; beyond 65504 a float16 is infinite. Default `"float32"`. */
  readonly dtype?: "float32" | "float16";
  /** Goes on where a run that was stopped left off, if there was one. Default `false`. */
  readonly resume?: boolean;
  /** What the weights are called: a run goes on only with the same. */
  readonly weights?: string;
  /** Called after each batch with the number of pictures that are done. */
  readonly onProgress?: (pictures: number) => void;
}

/** What {@linkcode extractToFile} did. */
export interface ExtractReport {
  /** Pictures, those that failed included. */
  readonly count: number;
  /** Those that could not be read. */
  readonly failed: number;
  /** Why, for the first of them, five at most. */
  readonly reasons: readonly string[];
}

/**
 * Computes nodes for the pictures of many files and writes them, whole or not at all.
 *
 * Memory does not grow with their number. Until all is done features wait in the folder
 * `<out>.part`, which takes about the room of the file itself. It stays if the run is stopped; with
 * `resume` the same run goes on from there and gives the same bytes. A picture that can't be
 * read keeps its place: it is null in `.parquet` and `.jsonl`, NaN in the others.
 *
 * @param model A model; cut it at the deepest of the nodes to load no more than is needed.
 * @param files Paths or URLs of pictures, and of `.npy` files with batches `[N, 3, H, W]`.
 * @param names Nodes, as for {@linkcode ResNet.extract}.
 * @param out A path that ends in `.npz`, `.npy` (one node), `.safetensors`, `.parquet` or `.jsonl`.
 * @throws {RangeError} If there is no such node or format, or no file.
 * @throws {TypeError} If the values for two pictures differ in shape.
 * @throws {Error} If no picture could be read, the file can't be written, the run that is to go
 *   on is another one, or there is one that is not to go on.
 *
 * @example The pictures of a folder, as a table for a database
 * ```ts ignore
 * import { createModel } from "@layertap/resnet";
 * import { extractToFile } from "@layertap/resnet/extract";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const files = ["a.jpg", "b.jpg"];
 * const { count, failed } = await extractToFile(model, files, ["flatten"], "features.parquet");
 * console.log(`${failed} of ${count} could not be read`);
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
  if (dtype !== "float32" && dtype !== "float16") {
    throw new RangeError(
      `extractToFile: dtype is "${dtype}", "float32" and "float16" are allowed`,
    );
  }
  checkExtraction(model, names, options);
  const nodes = [...new Set(names)];
  const toStream = formatOf(out, nodes.length);
  const { realpath } = await import("node:fs/promises");
  const { WorkFolder } = await import("./work_folder.ts");
  const about = { arch: model.arch, layout, pool };
  const run: RunDescription = {
    nodes,
    dtype,
    ...about,
    normalize: options.normalize ?? false,
    weights: options.weights,
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
    else await folder.remove(); // There is nothing to go on from.
    throw error;
  }
}

/** Computes what is not there yet. */
async function collect(
  model: ResNet,
  files: Iterable<string> | AsyncIterable<string>,
  names: readonly string[],
  folder: WorkFolder,
  options: ExtractToFileOptions,
): Promise<void> {
  const recorded = rowsOf(folder.table());
  let count = 0;
  const isDone = async (path: string) => {
    const { done, value } = await recorded.next();
    if (done) return false;
    if (value.path !== path) throw anotherList(count, value, `it is "${path}"`);
    count++;
    return true;
  };
  const batches = extractBatches(model, files, names, options, isDone);
  for await (const batch of batches) {
    await folder.add(batch);
    count += batch.length;
    options.onProgress?.(count);
  }
  await folder.commit();
  const { done, value } = await recorded.next();
  if (!done) throw anotherList(count, value, "the list ends before");
}

function anotherList(i: number, { path }: FeatureRow, now: string): Error {
  return new Error(
    `cannot resume: picture ${i + 1} was "${path}", now ${now}`,
  );
}

async function reportOn(table: FeatureTable): Promise<ExtractReport> {
  const reasons: string[] = [];
  let failed = 0;
  for await (const { error } of table.rows()) {
    if (error === undefined) continue;
    failed++;
    if (reasons.length < 5) reasons.push(error);
  }
  if (table.count === 0) {
    throw new RangeError(
      "cannot extract: got no files, one or more are allowed",
    );
  }
  if (failed === table.count) {
    throw new Error(
      failed === 1
        ? reasons[0]
        : `none of ${failed} pictures can be read, the first: ${reasons[0]}`,
    );
  }
  return { count: table.count, failed, reasons };
}
