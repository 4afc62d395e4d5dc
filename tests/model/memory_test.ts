import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  createModel,
  type ResNet,
  startBackend,
} from "../../mod.ts";
import { take } from "../support/close.ts";
import { direct } from "../support/direct_weights.ts";
import { formulaCheckpoint, uniform } from "../support/formula.ts";

const small: ArchRow = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 10,
};

const makeSmall = (outputLayer?: string): Promise<ResNet> =>
  createModel(small, outputLayer, formulaCheckpoint(small));

/** What tfjs counts. */
interface Held {
  readonly tensors: number;
  readonly buffers: number;
  readonly bytes: number;
}

const nothing: Held = { tensors: 0, buffers: 0, bytes: 0 };

function held(): Held {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { tensors: numTensors, buffers: numDataBuffers, bytes: numBytes };
}

function heldSince(before: Held): Held {
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

/** A tensor's values, of which some must not be zero; the tensor is disposed. */
function takeNonZero(tensor: Tensor): Float32Array {
  const values = take(tensor);
  assert(values.some((value) => value !== 0), "all zero");
  return values;
}

/** A test with an input, 32x32, after which nothing may be left. */
function memoryTest(name: string, body: (x: Tensor4D) => Promise<void>) {
  Deno.test(`memory: ${name}`, async () => {
    await startBackend();
    const before = held();
    const x = tf.tensor4d(uniform("input", 32 * 32 * 3), [1, 32, 32, 3]);
    await body(x);
    x.dispose();
    assert.deepEqual(heldSince(before), nothing);
  });
}

// Of torchvision's resnet50, whole and to layer2: the weights of the convolutions and of fc, and
// a bias for each of their output channels.
const wholeBytes = 4 * 25_530_472, layer2Bytes = 4 * 1_439_872;

memoryTest("cut at layer2, resnet50 holds nothing behind it", async (x) => {
  const before = held(), heap = wasmHeap();
  const checkpoint = formulaCheckpoint("resnet50");
  using model = await createModel("resnet50", "layer2", checkpoint, direct);
  assert.deepEqual(
    checkpoint.reads.toSorted(),
    [...checkpoint.tensors.keys()]
      .filter((name) => /^(conv1|bn1|layer1|layer2)\./.test(name)).toSorted(),
  );
  const weights = { tensors: 48, buffers: 48, bytes: layer2Bytes };
  assert.deepEqual(heldSince(before), weights);
  assert.equal(model.weightBytes, layer2Bytes);
  takeNonZero(model.forward(x));
  const grown = wasmHeap() - heap;
  assert(grown < wholeBytes - layer2Bytes, `the heap grew by ${grown}`);
});

memoryTest("a whole resnet50 is each weight once in tensors", async () => {
  const before = held();
  using model = await createModel(
    "resnet50",
    null,
    formulaCheckpoint("resnet50"),
    direct,
  );
  const weights = { tensors: 108, buffers: 108, bytes: wholeBytes };
  assert.deepEqual(heldSince(before), weights);
  assert.equal(model.weightBytes, wholeBytes);
});

memoryTest("truncate makes no tensor, and each goes on its own", async (x) => {
  const before = held();
  const cut = await makeSmall("layer2");
  const cutWeights = heldSince(before);
  const expected = takeNonZero(cut.forward(x));
  cut.dispose();

  for (const first of ["original", "truncated"]) {
    const model = await makeSmall();
    const wholeWeights = heldSince(before);
    const front = model.truncate("layer2");
    assert.deepEqual(heldSince(before), wholeWeights);
    assert.equal(front.weightBytes, cutWeights.bytes);

    const logits = takeNonZero(model.forward(x));
    assert.deepEqual(takeNonZero(front.forward(x)), expected);
    assert.deepEqual(heldSince(before), wholeWeights);
    if (first === "original") {
      model.dispose();
      assert.deepEqual(heldSince(before), cutWeights);
      assert.deepEqual(takeNonZero(front.forward(x)), expected);
      front.dispose();
    } else {
      front.dispose();
      assert.deepEqual(heldSince(before), wholeWeights);
      assert.deepEqual(takeNonZero(model.forward(x)), logits);
      model.dispose();
    }
    assert.deepEqual(heldSince(before), nothing);
  }
});

memoryTest("extract of one more node costs that node's tensor", async (x) => {
  using model = await makeSmall();
  const shapes = model.shapes([1, 32, 32, 3]);
  const before = held();
  for (
    const node of [
      "conv1",
      "layer1.0.bn1",
      "layer1.0.relu",
      "layer2.0.downsample.0",
      "layer3.0.conv2",
      "layer4.0.relu_1",
    ]
  ) {
    const { fc } = model.extract(x, ["fc"]);
    const without = heldSince(before);
    fc.dispose();
    const both = model.extract(x, ["fc", node]);
    const size = shapes.get(node)!.reduce((a, b) => a * b);
    assert.deepEqual(heldSince(before), {
      tensors: without.tensors + 1,
      buffers: without.buffers + 1,
      bytes: without.bytes + 4 * size,
    }, node);
    tf.dispose(both);
  }
});

/** Kinds of forward passes; each disposes what is its own. */
const passes: Record<string, (model: ResNet, x: Tensor4D) => void> = {
  forward: (model, x) => takeNonZero(model.forward(x)),
  extract(model, x) {
    tf.dispose(model.extract(x, ["layer1.0.conv1", "layer2", "avgpool", "fc"]));
  },
  "hooks that keep and replace"(model, x) {
    const kept: Tensor[] = [];
    const handles = [
      model.registerForwardHook("layer1.0.relu", (_module, _inputs, output) => {
        kept.push(output.clone());
      }),
      model.registerForwardHook(
        "layer2",
        (_module, _inputs, output) => tf.mul(output, 2),
      ),
    ];
    takeNonZero(model.forward(x));
    tf.dispose(kept);
    handles.forEach((handle) => handle.remove());
  },
  "hooks that throw"(model, x) {
    const handles = [
      model.registerForwardHook(
        "layer2.0.conv2",
        (_module, _inputs, output) => tf.neg(output),
      ),
      model.registerForwardHook("layer2.0.conv2", () => {
        throw new Error("thrown by a hook");
      }),
    ];
    assert.throws(() => model.forward(x), /^Error: thrown by a hook$/);
    assert.throws(() => model.extract(x, ["layer1", "fc"]), /thrown by a hook/);
    handles.forEach((handle) => handle.remove());
  },
};

for (
  const [name, kinds] of [
    ["1,000 forward passes leave nothing", [passes.forward]],
    ["1,000 passes of all kinds leave nothing", Object.values(passes)],
  ] as const
) {
  memoryTest(name, async (x) => {
    using model = await makeSmall();
    const run = (count: number) => {
      for (let pass = 0; pass < count; pass++) {
        kinds[pass % kinds.length](model, x);
      }
    };
    run(20);
    const before = held(), heap = wasmHeap();
    run(1000);
    assert.deepEqual(heldSince(before), nothing);
    assert.equal(wasmHeap(), heap);
  });
}
