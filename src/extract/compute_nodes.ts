/**
 * Nodes of a batch as arrays: in a chosen layout, pooled, normalized.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { pooledLength, type Pooling, poolings } from "../arch/pooling.ts";
import { expected, requireOneOf } from "../errors/expected.ts";
import { nhwcToNchw, type ShapedArray } from "../formats/shaped_array.ts";
import type { Pca } from "../fit/pca.ts";
import type { ResNet } from "../model/model.ts";
import { pool as poolMaps } from "../model/pooling.ts";
import { stackInputs } from "./input_batches.ts";
import type { InputOptions } from "./load_input.ts";

/** How {@linkcode extractFiles} reads pictures and gives a node's value. */
export interface ExtractFilesOptions extends InputOptions {
  /** Order of the elements: PyTorch's (the default) or tfjs's. */
  readonly layout?: "nchw" | "nhwc";
  /** Reduces each map to a number: `[C]` for a spatial node. Default `"none"`. */
  readonly pool?: Pooling | "none";
  /** Reduces the vectors of the only node, after pooling; `fitPca` makes one. */
  readonly pca?: Pca;
  /** At last, scales each vector to a Euclidean norm of 1; zeros stay zeros. Default `false`. */
  readonly normalize?: boolean;
}

/** @throws {RangeError} If {@linkcode extractFiles} would. */
export function checkExtraction(
  model: ResNet,
  names: readonly string[],
  { layout = "nchw", pool = "none", normalize = false, pca }:
    ExtractFilesOptions,
): void {
  if (names.length === 0) {
    throw new RangeError(expected("names", "at least one node", names));
  }
  if (pca && names.length > 1) {
    throw new RangeError(expected("pca", "one node", names));
  }
  requireOneOf("layout", layout, ["nchw", "nhwc"]);
  requireOneOf("pool", pool, poolings);
  const { cropSize } = model.preset;
  const shapes = model.shapes([1, cropSize, cropSize, 3]);
  for (const name of names) {
    const [, ...shape] = shapes.get(model.resolveNode(name))!;
    const isVector = pool !== "none" || shape.length === 1 ||
      shape[0] === 1 && shape[1] === 1;
    if (normalize && !isVector) {
      throw new RangeError(
        expected(
          "normalize",
          `a vector from "${name}"`,
          shape,
          "pool it first",
        ),
      );
    }
    if (!pca) continue;
    const channels = shape.at(-1)!;
    const length = pool === "none" || shape.length === 1
      ? channels
      : pooledLength(channels, pool);
    const [, size] = pca.shape;
    if (isVector && length === size) continue;
    const [got, then] = isVector ? [length, ""] : [shape, "pool it first"];
    throw new TypeError(
      expected("pca", `a vector of ${size} values from "${name}"`, got, then),
    );
  }
}

/**
 * Computes nodes for normalized pictures of one size, `[H, W, 3]`, as one batch; gives up the
 * pictures' memory.
 *
 * @returns By node: `[N, …]`.
 */
export async function computeNodes(
  model: ResNet,
  inputs: readonly ShapedArray[],
  names: readonly string[],
  { layout = "nchw", pool = "none", normalize = false, pca }:
    ExtractFilesOptions,
): Promise<[string, ShapedArray][]> {
  const input = stackInputs(inputs);
  const arrays: [string, ShapedArray][] = [];
  try {
    for (const [name, value] of Object.entries(model.extract(input, names))) {
      const tensor = reduced(value, pool, pca);
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

/** A node's value, pooled and projected; disposes the tensor that it replaces. */
function reduced(
  value: Tensor,
  pool: Pooling | "none",
  pca: Pca | undefined,
): Tensor {
  const steps = [
    ...pool !== "none" && value.rank === 4
      ? [(x: Tensor) => poolMaps(x as Tensor4D, pool)]
      : [],
    ...pca ? [(x: Tensor) => projected(x, pca)] : [],
  ];
  return steps.reduce((before, step) => {
    const after = step(before);
    before.dispose();
    return after;
  }, value);
}

/** Vectors `[N, C]` or `[N, 1, 1, C]` on the components of a PCA. */
function projected(x: Tensor, pca: Pca): Tensor {
  const flat = tf.reshape(x, [x.shape[0], -1]) as Tensor2D;
  const result = pca.transform(flat);
  flat.dispose();
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
