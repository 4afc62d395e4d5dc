/**
 * Layers of many pictures: files in, one file out.
 *
 * @module
 */

import { requireOneOf } from "../errors/expected.ts";
import type { ResNet } from "../model/model.ts";
import { formatOf, type FormatOptions } from "../tables/formats.ts";
import { checkExtraction, type ExtractFilesOptions } from "./compute_nodes.ts";
import { featureOrigin } from "./feature_origin.ts";
import { extractBatches } from "./extract_files.ts";
import {
  type ExtractReport,
  resumableRun,
  type RunOptions,
} from "./resumable_run.ts";
import type { RunDescription } from "./work_folder.ts";

/** What {@linkcode extractToFile} writes, and how. */
export interface ExtractToFileOptions
  extends ExtractFilesOptions, Omit<FormatOptions, "about">, RunOptions {
  /** Type of the numbers; a float16 beyond 65504 is infinite. Default `"float32"`. */
  readonly dtype?: "float32" | "float16";
  /** The name of the weights, for the file's metadata; a run continues only with the same. */
  readonly weights?: string;
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
  const { dtype = "float32" } = options;
  requireOneOf("dtype", dtype, ["float32", "float16"]);
  checkExtraction(model, names, options);
  const nodes = [...new Set(names)];
  const toStream = formatOf(out, nodes.length);
  const about = await featureOrigin(model, nodes, options);
  const run: RunDescription = {
    nodes,
    dtype,
    ...about,
    normalize: options.normalize ?? false,
  };
  return await resumableRun(
    out,
    run,
    options,
    (skip) => extractBatches(model, files, nodes, options, skip),
    (table) => toStream(table, { ...options, about }),
  );
}
