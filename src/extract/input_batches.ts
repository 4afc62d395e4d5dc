/**
 * Pictures to batches for a network.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { ResNet } from "../model/model.ts";
import { release } from "../runtime/release.ts";
import { countInputs, type InputRef, inputRefs } from "./input_refs.ts";
import { type InputOptions, inputOptions, loadInput } from "./load_input.ts";

/** Pictures that run together; more would take more memory for activations. */
export const batchSize = 8;

/** A batch goes ahead after this many pictures, even if most can't be read. */
const maxBatchRows = 64;

/** A picture, or why it can't be read. */
export type InputRow =
  | { readonly path: string; readonly input: ShapedArray }
  | { readonly path: string; readonly error: Error };

/** Neighbouring pictures, ready to run. */
export interface InputBatch {
  /** Those that could be read, `[N, H, W, 3]`, normalized; the receiver disposes it. */
  readonly input?: Tensor4D;
  /** All of them, those that couldn't be read with an error. */
  readonly rows: readonly { readonly path: string; readonly error?: Error }[];
  /** Share of the pictures read so far, this batch included, 0..1. */
  readonly done: number;
}

/**
 * Reads pictures and `.npy` batches, in the order given, preprocessed for the model. Neighbours of
 * one size form a batch.
 *
 * @param options How they are read, and the most pictures of a batch, 8 by default.
 */
export async function* inputBatches(
  model: ResNet,
  files: readonly string[],
  { most, ...options }: InputOptions & { readonly most?: number } = {},
): AsyncGenerator<InputBatch> {
  const total = await countInputs(files, options);
  const refs = inputRefs(
    files,
    (file) => loadInput(file, model.preset, inputOptions(options)),
    options,
  );
  let done = 0;
  for await (const rows of batchesOf(loaded(refs, 1), most)) {
    const inputs = rows.flatMap((row) => "input" in row ? [row.input] : []);
    const input = inputs.length > 0 ? stackInputs(inputs) : undefined;
    done += rows.length;
    yield { input, rows, done: done / total };
  }
}

/** Reads the pictures in order, up to `ahead` of them at a time. */
export async function* loaded(
  refs: AsyncIterable<InputRef>,
  ahead: number,
): AsyncGenerator<InputRow> {
  const started: Promise<InputRow>[] = [];
  for await (const { path, load } of refs) {
    started.push(
      load().then(
        (input) => ({ path, input }),
        (error) => ({ path, error }),
      ),
    );
    if (started.length >= ahead) yield await started.shift()!;
  }
  yield* started;
}

/** Groups neighbours of one size; pictures that can't be read don't count towards the size of a batch. */
export async function* batchesOf(
  rows: AsyncIterable<InputRow>,
  most = batchSize,
): AsyncGenerator<InputRow[]> {
  let batch: InputRow[] = [];
  let inputs = 0;
  let size = "";
  for await (const row of rows) {
    if ("input" in row) {
      if (inputs > 0 && `${row.input.shape}` !== size) {
        yield batch;
        [batch, inputs] = [[], 0];
      }
      size = `${row.input.shape}`;
      inputs++;
    }
    batch.push(row);
    if (inputs === most || batch.length === maxBatchRows) {
      yield batch;
      [batch, inputs] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Pictures of one size as a batch `[N, H, W, 3]` for the caller; gives up their own memory. */
export function stackInputs(inputs: readonly ShapedArray[]): Tensor4D {
  const [{ shape: [h, w, c] }] = inputs;
  const size = h * w * c;
  const all = new Float32Array(inputs.length * size);
  inputs.forEach(({ data }, i) => {
    all.set(data, i * size);
    release(data);
  });
  const batch = tf.tensor4d(all, [inputs.length, h, w, c]);
  release(all); // The tensor is a copy, in the backend's memory.
  return batch;
}
