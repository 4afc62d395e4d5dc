/**
 * Layers of many pictures: files in, features out.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { coreCount } from "../runtime/core_count.ts";
import { startInputLoader } from "./input_loader.ts";
import {
  batchesOf,
  batchSize,
  type InputRef,
  inputRefs,
  type InputRow,
  loaded,
  stackInputs,
} from "./inputs.ts";
import type { ResNet } from "../model/model.ts";
import type { FileFeatures } from "../tables/feature_table.ts";
import { nhwcToNchw, type ShapedArray } from "../formats/shaped_array.ts";

/** What {@linkcode extractFiles} makes of a node's value. */
export interface ExtractFilesOptions {
  /** Order of the elements: PyTorch's (the default) or tfjs's. */
  readonly layout?: "nchw" | "nhwc";
  /** Takes the mean or the largest value of each map: `[C]` for a spatial node. Default `"none"`. */
  readonly pool?: "avg" | "max" | "none";
  /** Scales each vector to length 1, by its Euclidean norm; zeros stay zeros. Default `false`. */
  readonly normalize?: boolean;
}

/**
 * Computes nodes for the pictures of many files, as they are read.
 *
 * Memory does not grow with their number. Pictures are decoded ahead, in workers where there are
 * any; neighbours of one size run together; the order is kept. A picture that can't be read
 * doesn't stop the others.
 *
 * @param model A model; cut it at the deepest of the nodes to load no more than is needed.
 * @param files Paths or URLs of pictures, and of `.npy` files with batches `[N, 3, H, W]`.
 * @param names Nodes, as for {@linkcode ResNet.extract}.
 * @returns A value for each node and picture, or the error.
 * @throws {RangeError} If there is no such node, it lies behind the cut, none is given, an option is
 *   unknown, or `normalize` meets a node that is no vector.
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
 * The same in the batches that ran together. How pictures are grouped depends on those before, and
 * the last bits of a value may depend on the group: a later run that is to give the same bits has
 * to begin between two batches.
 *
 * @param skip How many pictures to pass over; called with each.
 */
export async function* extractBatches(
  model: ResNet,
  files: Iterable<string> | AsyncIterable<string>,
  names: readonly string[],
  options: ExtractFilesOptions = {},
  skip?: (path: string) => Promise<boolean>,
): AsyncGenerator<FileFeatures[]> {
  checkExtraction(model, names, options);
  const workers = Math.min(coreCount(), 8);
  await using loader = startInputLoader(model.preset, workers);
  const refs = without(inputRefs(files, (file) => loader.load(file)), skip);
  // Two batches: one to decode while the other runs.
  const rows = loaded(refs, 2 * batchSize);
  for await (const batch of batchesOf(rows)) {
    yield await features(model, batch, names, options);
  }
}

async function* without(
  refs: AsyncIterable<InputRef>,
  skip?: (path: string) => Promise<boolean>,
): AsyncGenerator<InputRef> {
  for await (const ref of refs) if (!await skip?.(ref.path)) yield ref;
}

/** @throws {RangeError} If {@linkcode extractFiles} would throw it. */
export function checkExtraction(
  model: ResNet,
  names: readonly string[],
  { layout = "nchw", pool = "none", normalize = false }: ExtractFilesOptions,
): void {
  if (names.length === 0) {
    throw new RangeError("extractFiles: got no nodes, one or more are allowed");
  }
  requireOneOf("layout", layout, ["nchw", "nhwc"]);
  requireOneOf("pool", pool, ["avg", "max", "none"]);
  const { cropSize } = model.preset;
  const shapes = model.shapes([1, cropSize, cropSize, 3]);
  for (const name of names) {
    const [, ...shape] = shapes.get(model.resolveNode(name))!;
    if (normalize && pool === "none" && shape.length > 1 && shape[0] > 1) {
      throw new RangeError(
        `cannot normalize "${name}": it is [${shape.join(", ")}] for a ` +
          `picture, vectors are allowed; pooling makes it one`,
      );
    }
  }
}

function requireOneOf(
  option: string,
  given: string,
  allowed: readonly string[],
): void {
  if (allowed.includes(given)) return;
  throw new RangeError(
    `extractFiles: ${option} is "${given}", ${
      allowed.map((value) => `"${value}"`).join(", ")
    } are allowed`,
  );
}

/** Runs those pictures of a batch that could be read. */
async function features(
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

/**
 * Computes nodes for normalized pictures of one size, `[H, W, 3]`, as one batch; their own memory is
 * given up.
 *
 * @returns By node: `[N, …]`.
 */
export async function computeNodes(
  model: ResNet,
  inputs: readonly ShapedArray[],
  names: readonly string[],
  { layout = "nchw", pool = "none", normalize = false }: ExtractFilesOptions,
): Promise<[string, ShapedArray][]> {
  const input = stackInputs(inputs);
  const arrays: [string, ShapedArray][] = [];
  try {
    for (const [name, value] of Object.entries(model.extract(input, names))) {
      const tensor = pooled(value, pool);
      const data = await tensor.data<"float32">();
      const array = { data, shape: tensor.shape };
      tensor.dispose();
      if (normalize) normalizeRows(array);
      arrays.push([name, layout === "nchw" ? nhwcToNchw(array) : array]);
    }
  } finally {
    input.dispose();
  }
  return arrays;
}

/** A spatial node's `[N, C]`; takes the tensor over. */
function pooled(tensor: Tensor, pool: "avg" | "max" | "none"): Tensor {
  if (pool === "none" || tensor.rank !== 4) return tensor;
  const result = pool === "avg"
    ? tf.mean(tensor as Tensor4D, [1, 2])
    : tf.max(tensor as Tensor4D, [1, 2]);
  tensor.dispose();
  return result;
}

/** `torch.nn.functional.normalize` of each row, in place. */
function normalizeRows({ data, shape: [count] }: ShapedArray): void {
  const length = data.length / count;
  for (let start = 0; start < data.length; start += length) {
    const row = data.subarray(start, start + length);
    const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < length; i++) row[i] /= Math.max(norm, 1e-12);
  }
}

/** One picture of a batch, without the batch's dimension. */
export function item(
  { data, shape: [, ...shape] }: ShapedArray,
  i: number,
): ShapedArray {
  const length = shape.reduce((a, b) => a * b, 1);
  return { data: data.subarray(i * length, (i + 1) * length), shape };
}
