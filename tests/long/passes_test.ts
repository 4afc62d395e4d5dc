/** A thousand forward passes, with and without hooks, leave nothing in memory. */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import type { ResNet } from "../../mod.ts";
import {
  held,
  heldSince,
  makeSmall,
  memoryTest,
  nothing,
  takeNonZero,
  wasmHeap,
} from "../model/memory.ts";

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
