/** What the tests of memory share: a small network, and what tfjs counts. */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import {
  type ArchRow,
  createModel,
  type ResNet,
  startBackend,
} from "../../mod.ts";
import { take } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const small: ArchRow = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 10,
};

export const makeSmall = (outputLayer?: string): Promise<ResNet> =>
  createModel(small, outputLayer, formulaCheckpoint(small));

/** What tfjs counts. */
export interface Held {
  readonly tensors: number;
  readonly buffers: number;
  readonly bytes: number;
}

export const nothing: Held = { tensors: 0, buffers: 0, bytes: 0 };

export function held(): Held {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { tensors: numTensors, buffers: numDataBuffers, bytes: numBytes };
}

export function heldSince(before: Held): Held {
  const now = held();
  return {
    tensors: now.tensors - before.tensors,
    buffers: now.buffers - before.buffers,
    bytes: now.bytes - before.bytes,
  };
}

/** Bytes of the backend's WebAssembly memory, which never shrinks. */
export function wasmHeap(): number {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return wasm.HEAPU8.length;
}

/** A tensor's values, of which some must not be zero; the tensor is disposed. */
export function takeNonZero(tensor: Tensor): Float32Array {
  const values = take(tensor);
  assert(values.some((value) => value !== 0), "all zero");
  return values;
}

/** A test with an input, 32x32, after which nothing may be left. */
export function memoryTest(name: string, body: (x: Tensor4D) => Promise<void>) {
  Deno.test(`memory: ${name}`, async () => {
    await startBackend();
    const before = held();
    const x = tf.tensor4d(uniform("input", 32 * 32 * 3), [1, 32, 32, 3]);
    await body(x);
    x.dispose();
    assert.deepEqual(heldSince(before), nothing);
  });
}
