import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel } from "../../mod.ts";
import { direct } from "../support/direct_weights.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import {
  held,
  heldSince,
  makeSmall,
  memoryTest,
  nothing,
  takeNonZero,
  wasmHeap,
} from "./memory.ts";

// Of torchvision's resnet50, whole and to layer2: the weights of the convolutions and of fc, and
// a bias for each of their output channels.
const wholeBytes = 4 * 25_530_472, layer2Bytes = 4 * 1_439_872;

memoryTest("cut at layer2, resnet50 holds nothing after it", async (x) => {
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

memoryTest(
  "truncate makes no tensor; each model is disposed on its own",
  async (x) => {
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
  },
);

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
