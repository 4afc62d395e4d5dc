import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { type ArchRow, createModel, fromNCHW, type ResNet } from "../mod.ts";
import { formulaCheckpoint, uniform } from "./formula.ts";

const small: ArchRow = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 10,
};

const make = (arch: ArchRow, outputLayer?: string): Promise<ResNet> =>
  createModel(arch, outputLayer, formulaCheckpoint(arch));

const makeInput = (side: number): Tensor4D =>
  tf.tidy(() =>
    fromNCHW(tf.tensor(uniform("input", 3 * side * side), [1, 3, side, side]))
  );

/** Tensors and their bytes, the backend's included. */
function held(): { tensors: number; buffers: number; bytes: number } {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { tensors: numTensors, buffers: numDataBuffers, bytes: numBytes };
}

/** What was added since. */
function since(before: ReturnType<typeof held>): ReturnType<typeof held> {
  const now = held();
  return {
    tensors: now.tensors - before.tensors,
    buffers: now.buffers - before.buffers,
    bytes: now.bytes - before.bytes,
  };
}

/** Bytes of the backend's WebAssembly memory, which never shrinks. */
function wasmHeap(): number {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return wasm.HEAPU8.length;
}

function values(tensor: tf.Tensor): number[] {
  const numbers = [...tensor.dataSync()];
  tensor.dispose();
  assert(numbers.some((v) => v !== 0), "all zero");
  return numbers;
}

// Of torchvision's resnet50: weights of convolutions and of fc, and one bias for each channel.
const wholeFloats = 25_530_472, layer2Floats = 1_439_872;

Deno.test("cut at layer2, resnet50 never holds layer3, layer4 or fc", async () => {
  // The backend must run, or its own start is counted.
  (await make(small, "conv1")).dispose();
  const before = held(), heapBefore = wasmHeap();
  const checkpoint = formulaCheckpoint("resnet50");
  const model = await createModel("resnet50", "layer2", checkpoint);

  const needed = [...checkpoint.tensors.keys()]
    .filter((name) => /^(conv1|bn1|layer1|layer2)\./.test(name));
  assert.deepEqual(checkpoint.reads.toSorted(), needed.toSorted());
  assert.deepEqual(since(before), {
    tensors: 48,
    buffers: 48,
    bytes: 4 * layer2Floats,
  });
  assert.equal(model.weightBytes, 4 * layer2Floats);

  const x = makeInput(64);
  model.forward(x).dispose();
  const behind = 4 * (wholeFloats - layer2Floats);
  assert(
    wasmHeap() - heapBefore < behind,
    `the heap grew by ${wasmHeap() - heapBefore}`,
  );
  tf.dispose(x);
  model.dispose();
  assert.deepEqual(since(before), { tensors: 0, buffers: 0, bytes: 0 });
});

Deno.test("a whole resnet50 holds each weight once in tensors", async () => {
  const before = held();
  {
    using model = await make(archTable.get("resnet50")!);
    assert.deepEqual(since(before), {
      tensors: 108,
      buffers: 108,
      bytes: 4 * wholeFloats,
    });
  }
  assert.deepEqual(since(before), { tensors: 0, buffers: 0, bytes: 0 });
});
