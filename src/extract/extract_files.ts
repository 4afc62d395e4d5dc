/**
 * Layers of many pictures: files in, features out.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import type { ResNet } from "../model/model.ts";
import { coreCount } from "../runtime/core_count.ts";
import type { FileFeatures } from "../tables/feature_table.ts";
import {
  checkExtraction,
  computeNodes,
  type ExtractFilesOptions,
  item,
} from "./compute_nodes.ts";
import {
  batchesOf,
  batchSize,
  type InputRow,
  loaded,
} from "./input_batches.ts";
import { startInputLoader } from "./input_loader.ts";
import { type InputRef, inputRefs } from "./input_refs.ts";

/**
 * Computes nodes for the pictures of many files, one file after the other.
 *
 * Memory use doesn't grow with their number. Pictures are decoded ahead, in threads where the
 * runtime has them. Neighbours of one size run together; the order stays. A picture that can't be
 * read doesn't stop the others.
 *
 * @param model A model; create it with the same names to load no more than they need.
 * @param files Paths or URLs of pictures, and of `.npy` files with normalized float32 batches
 *   `[N, 3, H, W]`.
 * @param names Nodes, as for {@linkcode ResNet.extract}.
 * @param options Layout, pooling, normalization, and how pictures are read.
 * @returns For each picture the value of every node, or the error.
 * @throws {RangeError} If a node doesn't exist or comes after the model's last layer, there are no
 *   names, an option is unknown, or `normalize` meets a node that isn't a vector.
 *
 * @example Two layers of two pictures
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { extractFiles } from "@layertap/resnet/extract";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "avgpool", true);
 * const files = ["examples/images/chelsea.png", "no.png", "examples/images/rocket.jpg"];
 * const found: string[] = [];
 * for await (const { path, values, error } of extractFiles(model, files, ["layer1", "avgpool"])) {
 *   found.push(values ? `${path}: ${values.layer1.shape}` : error!.message);
 * }
 * assert.deepEqual(found, [
 *   "examples/images/chelsea.png: 64,56,56",
 *   'cannot open "no.png": there is no such file',
 *   "examples/images/rocket.jpg: 64,56,56",
 * ]);
 * ```
 */
export async function* extractFiles(
  model: ResNet,
  files: Iterable<string> | AsyncIterable<string>,
  names: readonly string[],
  options: ExtractFilesOptions = {},
): AsyncGenerator<FileFeatures> {
  const features = extractBatches(model, files, names, options);
  for await (const batch of features) yield* batch;
}

/**
 * The same, in the batches that run together. Batches depend on the pictures before them, and the
 * last bits of a value may depend on its batch: to give the same bits, a resumed run must start
 * between two batches.
 *
 * @param skip Called with each picture; returns whether to skip it.
 */
export async function* extractBatches(
  model: ResNet,
  files: Iterable<string> | AsyncIterable<string>,
  names: readonly string[],
  options: ExtractFilesOptions = {},
  skip?: (path: string) => Promise<boolean>,
): AsyncGenerator<FileFeatures[]> {
  checkExtraction(model, names, options);
  if (typeof files === "string") {
    throw new TypeError(
      expected("files", "a list of paths", files, "put it in brackets"),
    );
  }
  const threads = Math.min(coreCount(), 8);
  await using loader = startInputLoader(model.preset, threads, options);
  const all = inputRefs(files, (file) => loader.load(file), options);
  const refs = without(all, skip);
  // Two batches: one is decoded while the other runs.
  const rows = loaded(refs, 2 * batchSize);
  for await (const batch of batchesOf(rows)) {
    yield await computeBatch(model, batch, names, options);
  }
}

async function* without(
  refs: AsyncIterable<InputRef>,
  skip?: (path: string) => Promise<boolean>,
): AsyncGenerator<InputRef> {
  for await (const ref of refs) if (!await skip?.(ref.path)) yield ref;
}

/** Runs the pictures of a batch that could be read. */
export async function computeBatch(
  model: ResNet,
  batch: readonly InputRow[],
  names: readonly string[],
  options: ExtractFilesOptions,
): Promise<FileFeatures[]> {
  const inputs = batch.flatMap((row) => "input" in row ? [row.input] : []);
  const arrays = inputs.length > 0
    ? await computeNodes(model, inputs, names, options)
    : [];
  let n = 0;
  return batch.map((row) => {
    if ("error" in row) return row;
    const values = arrays.map(([name, array]) => [name, item(array, n)]);
    n++;
    return { path: row.path, values: Object.fromEntries(values) };
  });
}
