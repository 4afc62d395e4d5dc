/**
 * Files to batches: what is fed to a network.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { ByteSource } from "../runtime/byte_source.ts";
import type { NpyHeader } from "../formats/npy.ts";
import { openByteSource } from "../runtime/open_source.ts";
import { loadInput } from "./load_input.ts";
import { release } from "../runtime/release.ts";
import type { ResNet } from "../model/model.ts";
import { nchwToNhwc, type ShapedArray } from "../formats/shaped_array.ts";

/** Pictures that run together: what the memory for activations depends on. */
export const batchSize = 8;

/** A batch isn't waited for longer than this, in pictures, if most can't be read. */
const maxBatchRows = 64;

/** A picture that will be asked for. */
export interface InputRef {
  /** What to call it: a file's name, `x.npy[3]` for a picture of a batch. */
  readonly path: string;
  /** Reads it: `[H, W, 3]`, normalized. */
  load(): Promise<ShapedArray>;
}

/** A picture that was read, or why it could not be. */
export type InputRow =
  | { readonly path: string; readonly input: ShapedArray }
  | { readonly path: string; readonly error: Error };

/** Some pictures, ready to run. */
export interface InputBatch {
  /** `[N, H, W, 3]`, normalized; whoever takes the batch disposes it. */
  readonly input: Tensor4D;
  /** What to call each of the N. */
  readonly names: readonly string[];
  /** Share of the pictures that are read with this batch, 0..1. */
  readonly done: number;
}

/**
 * Reads pictures and batches, in the order given.
 *
 * A file whose name ends in `.npy` holds a normalized float32 batch `[N, 3, H, W]`, any other is a
 * picture, preprocessed as the model says. Neighbours of one size run together, 8 at most.
 *
 * @throws {Error} What reading the first picture that can't be read throws.
 */
export async function* inputBatches(
  model: ResNet,
  files: readonly string[],
): AsyncGenerator<InputBatch> {
  const total = await countInputs(files);
  const refs = inputRefs(files, (file) => loadInput(file, model.preset));
  let done = 0;
  for await (const rows of batchesOf(loaded(refs, 1))) {
    const inputs = rows.map((row) => {
      if ("error" in row) throw row.error;
      return row.input;
    });
    done += rows.length;
    const names = rows.map(({ path }) => path);
    yield { input: stackInputs(inputs), names, done: done / total };
  }
}

/**
 * The pictures of files, none of them read yet. Each must be loaded before, or soon after, the next
 * is asked for.
 *
 * @param load Reads a picture.
 */
export async function* inputRefs(
  files: Iterable<string> | AsyncIterable<string>,
  load: (file: string) => Promise<ShapedArray>,
): AsyncGenerator<InputRef> {
  for await (const file of files) {
    if (file.toLowerCase().endsWith(".npy")) yield* npyRefs(file);
    else yield { path: file, load: () => load(file) };
  }
}

/** How many pictures files hold; of `.npy` files the headers are read. */
export async function countInputs(
  files: Iterable<string> | AsyncIterable<string>,
): Promise<number> {
  let count = 0;
  for await (const _ of inputRefs(files, () => Promise.reject())) count++;
  return count;
}

/** The pictures of a `.npy` file that was made for PyTorch. */
async function* npyRefs(file: string): AsyncGenerator<InputRef> {
  let batch: { source: ByteSource; header: NpyHeader };
  try {
    batch = await openBatch(file);
  } catch (error) {
    yield { path: file, load: () => Promise.reject(error) };
    return;
  }
  const { source, header } = batch;
  const { decodeElements } = await import("../formats/elements.ts");
  const [count, ...item] = header.shape;
  const size = 4 * item.reduce((a, b) => a * b);
  const reading = new Set<Promise<unknown>>();
  const load = async (i: number): Promise<ShapedArray> => {
    const read = source.read(header.dataOffset + i * size, size);
    reading.add(read);
    const bytes = await read.finally(() => reading.delete(read));
    const data = decodeElements(bytes, "float32", header.littleEndian);
    const { data: nhwc, shape: [, ...shape] } = nchwToNhwc({
      data: data as Float32Array<ArrayBuffer>,
      shape: [1, ...item],
    });
    return { data: nhwc, shape };
  };
  try {
    for (let i = 0; i < count; i++) {
      yield { path: `${file}[${i}]`, load: () => load(i) };
    }
  } finally {
    await Promise.allSettled(reading);
    source.close();
  }
}

async function openBatch(file: string) {
  const { parseNpyHeader } = await import("../formats/npy.ts");
  const source = await openByteSource(file);
  try {
    // Longer than any header that NumPy writes for such an array.
    const start = await source.read(0, Math.min(source.size, 4096));
    const header = parseNpyHeader(start, file);
    const { dtype, shape, fortranOrder, dataOffset } = header;
    const isBatch = shape.length === 4 && shape[1] === 3 && !shape.includes(0);
    if (dtype !== "float32" || !isBatch || fortranOrder) {
      const order = fortranOrder ? " in Fortran order" : "";
      throw new TypeError(
        `cannot take "${file}" as a batch: it holds ${dtype} [${
          shape.join(", ")
        }]${order}, a normalized float32 [N, 3, H, W] is allowed`,
      );
    }
    const expected = dataOffset + 4 * shape.reduce((a, b) => a * b);
    if (source.size !== expected) {
      throw new SyntaxError(
        `cannot read "${file}": it has ${source.size} bytes, float32 [${
          shape.join(", ")
        }] has ${expected}`,
      );
    }
    return { source, header };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Reads the pictures, in their order; up to `ahead` of them at the same time. */
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

/** Groups neighbours of one size; one that can't be read takes no place in a batch. */
export async function* batchesOf(
  rows: AsyncIterable<InputRow>,
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
    if (inputs === batchSize || batch.length === maxBatchRows) {
      yield batch;
      [batch, inputs] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Pictures of one size as a batch `[N, H, W, 3]`, the caller's; their own memory is given up. */
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
