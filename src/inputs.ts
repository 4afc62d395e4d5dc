/**
 * Files to batches: what the commands feed to a network.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { decodeImage } from "./image/decode.ts";
import type { Image } from "./image/image.ts";
import { readBytes } from "./formats/open_source.ts";
import type { ResNet } from "./model.ts";
import { nchwToNhwc, type ShapedArray } from "./output/layout.ts";

/** Pictures that run together: what the memory for activations depends on. */
const batchSize = 8;

/** Some pictures, ready to run. */
export interface InputBatch {
  /** `[N, H, W, 3]`, normalized; whoever takes the batch disposes it. */
  readonly input: Tensor4D;
  /** What to call each of the N: a file's name, `x.npy[3]` for a picture of a batch. */
  readonly names: readonly string[];
  /** Share of the files that this batch completes, 0..1. */
  readonly done: number;
}

/**
 * Reads pictures and batches, in the order given.
 *
 * A file whose name ends in `.npy` holds a normalized float32 batch `[N, 3, H, W]`, any other is a
 * picture, preprocessed as the model says. Neighbouring pictures run together, 8 at most.
 *
 * @throws {TypeError} If a `.npy` file holds something else.
 */
export async function* inputBatches(
  model: ResNet,
  files: readonly string[],
): AsyncGenerator<InputBatch> {
  let images: Image[] = [];
  for (const [i, file] of files.entries()) {
    if (isNpy(file)) {
      yield* npyBatches(file, (n) => (i + n) / files.length);
      continue;
    }
    images.push(await decodeImage(file));
    const next = files[i + 1];
    if (images.length < batchSize && next !== undefined && !isNpy(next)) {
      continue;
    }
    const done = i + 1;
    yield {
      input: model.preprocess(images),
      names: files.slice(done - images.length, done),
      done: done / files.length,
    };
    images = [];
  }
}

const isNpy = (file: string) => file.toLowerCase().endsWith(".npy");

async function* npyBatches(
  file: string,
  doneAt: (share: number) => number,
): AsyncGenerator<InputBatch> {
  const { data, shape } = await readBatch(file);
  const [count, ...item] = shape;
  const size = item.reduce((a, b) => a * b);
  for (let from = 0; from < count; from += batchSize) {
    const to = Math.min(from + batchSize, count);
    const slice = nchwToNhwc({
      data: data.subarray(from * size, to * size),
      shape: [to - from, ...item],
    });
    yield {
      input: tf.tensor4d(slice.data, slice.shape as Tensor4D["shape"]),
      names: Array.from(
        { length: to - from },
        (_, i) => `${file}[${from + i}]`,
      ),
      done: doneAt(to / count),
    };
  }
}

/** A `.npy` file that was made for PyTorch. */
async function readBatch(file: string): Promise<ShapedArray> {
  const { decodeNpy } = await import("./formats/npy.ts");
  const { bytes } = await readBytes(file);
  const { data, dtype, shape } = decodeNpy(
    bytes as Uint8Array<ArrayBuffer>,
    file,
  );
  const isBatch = shape.length === 4 && shape[1] === 3 && !shape.includes(0);
  if (dtype !== "float32" || !isBatch) {
    throw new TypeError(
      `cannot take "${file}" as a batch: it holds ${dtype} [${
        shape.join(", ")
      }], a normalized float32 [N, 3, H, W] is allowed`,
    );
  }
  return { data: data as Float32Array<ArrayBuffer>, shape };
}
