/**
 * Layers of many pictures: files in, arrays out.
 *
 * @module
 */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import { inputBatches } from "./inputs.ts";
import type { ResNet } from "./model.ts";
import { nhwcToNchw, type ShapedArray } from "./output/layout.ts";
import type { StackedArray } from "./output/npz.ts";

/** How {@linkcode extractFiles} goes about it. */
export interface ExtractFilesOptions {
  /** Order of the elements: PyTorch's (the default) or tfjs's. */
  readonly layout?: "nchw" | "nhwc";
  /** Called after each batch with the share of the files that is done, 0..1. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Computes nodes for the pictures of many files, in small batches.
 *
 * @param model A model; cut it at the deepest of the nodes to load no more than is needed.
 * @param files Paths or URLs of pictures, and of `.npy` files with batches `[N, 3, H, W]`.
 * @param names Nodes, as for {@linkcode ResNet.extract}.
 * @returns An array for each name, in pieces by batch: `npzStream` writes them.
 * @throws {RangeError} If there is no such node, or it lies behind the cut; if there are no files.
 * @throws {TypeError} If the values for two files differ in shape, or a `.npy` holds no batch.
 * @throws {SyntaxError} If a file doesn't parse.
 * @throws {Error} If a file can't be read.
 *
 * @example Two layers of two pictures
 * ```ts
 * import { createModel, extractFiles, npzStream } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "avgpool", true);
 * const files = ["examples/images/chelsea.png", "examples/images/rocket.jpg"];
 * const arrays = await extractFiles(model, files, ["layer1", "avgpool"]);
 * assert.deepEqual(arrays.map(({ name, pieces }) => [name, pieces[0].shape]), [
 *   ["layer1", [2, 64, 56, 56]],
 *   ["avgpool", [2, 512, 1, 1]],
 * ]);
 * const npz = npzStream(arrays); // for Deno.writeFile("features.npz", npz), say
 * ```
 */
export async function extractFiles(
  model: ResNet,
  files: readonly string[],
  names: readonly string[],
  { layout = "nchw", onProgress }: ExtractFilesOptions = {},
): Promise<StackedArray[]> {
  if (files.length === 0) {
    throw new RangeError("extractFiles: got no files, one or more are allowed");
  }
  if (layout !== "nchw" && layout !== "nhwc") {
    throw new RangeError(
      `extractFiles: layout is ${layout}, "nchw" and "nhwc" are allowed`,
    );
  }
  const arrays = new Map(names.map((name) => [name, [] as ShapedArray[]]));
  for await (const batch of inputBatches(model, files)) {
    try {
      const values = await read(model, batch.input, names);
      for (const [name, value] of values) {
        const piece = layout === "nchw" ? nhwcToNchw(value) : value;
        const pieces = arrays.get(name)!;
        pieces.push(piece);
        requireSameShape(name, pieces[0], piece, batch.names[0]);
      }
    } finally {
      batch.input.dispose();
    }
    onProgress?.(batch.done);
  }
  return [...arrays].map(([name, pieces]) => ({ name, pieces }));
}

/** The nodes' values, off the backend. */
async function read(
  model: ResNet,
  input: Tensor4D,
  names: readonly string[],
): Promise<[string, ShapedArray][]> {
  const tensors = model.extract(input, names);
  const values: [string, ShapedArray][] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const data = await tensor.data<"float32">();
    values.push([name, {
      data: data as Float32Array<ArrayBuffer>,
      shape: tensor.shape,
    }]);
    tensor.dispose();
  }
  return values;
}

/** Says it at once, and by the file's name; writing them would fail at the end. */
function requireSameShape(
  name: string,
  first: ShapedArray,
  piece: ShapedArray,
  file: string,
): void {
  const [wanted, given] = [first, piece].map(({ shape }) => shape.slice(1));
  if (`${wanted}` === `${given}`) return;
  throw new TypeError(
    `cannot stack "${name}" of "${file}": it is [${given.join(", ")}], ` +
      `[${wanted.join(", ")}] is allowed, as the files before it have it`,
  );
}
