/**
 * Hooks that add hooks during a pass. The orders are PyTorch's: the new ones see calls that begin later,
 * and one that is under way if its module had a hook when it began.
 */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, type ResNet, startBackend } from "../../mod.ts";
import { closeTo, take } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const arch = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
} as const;

/** A test on a small network, which must leave no tensors behind. */
function hookTest(name: string, body: (model: ResNet, x: tf.Tensor4D) => void) {
  Deno.test(`hooks added during a pass: ${name}`, async () => {
    await startBackend();
    const x = tf.tensor4d(uniform("input", 40 * 40 * 3), [1, 40, 40, 3]);
    using model = await createModel(arch, null, formulaCheckpoint(arch));
    const before = tf.memory().numTensors;
    body(model, x);
    assert.equal(tf.memory().numTensors, before, "tensors left by the test");
    x.dispose();
  });
}

hookTest(
  "later modules are seen once, earlier ones in the next pass",
  (model, x) => {
    const plain = take(model.forward(x));
    const order: string[] = [];
    const add = (name: string) =>
      model.registerForwardHook(name, () => void order.push(name));
    const addPre = (name: string) =>
      model.registerForwardPreHook(name, () => void order.push(`pre ${name}`));
    let added = false;
    model.registerForwardHook("layer2.0.conv1", () => {
      order.push("first");
      if (added) return;
      added = true;
      for (const name of ["conv1", "layer2.0", "layer4.0.conv2", "fc"]) {
        add(name);
      }
      for (const name of ["layer2.0", "layer2.0.conv2", "avgpool"]) {
        addPre(name);
      }
    });
    closeTo(take(model.forward(x)), plain, 1e-5, "logits");
    const block = ["first", "pre layer2.0.conv2"];
    const rest = ["layer4.0.conv2", "pre avgpool", "fc"];
    assert.deepEqual(order, [...block, ...rest]);
    order.length = 0;
    model.forward(x).dispose();
    assert.deepEqual(order, [
      ...["conv1", "pre layer2.0", ...block],
      ...["layer2.0", ...rest],
    ]);
  },
);

hookTest("containers around the module", (model, x) => {
  const order: string[] = [];
  model.registerForwardPreHook("layer1", () => void order.push("pre layer1"));
  model.registerForwardHook("layer1.0.relu", () => {
    order.push("relu");
    if (order.length !== 3) return; // The second of the block's two calls ends it.
    for (const name of ["layer1.0", "layer1", ""]) {
      model.registerForwardHook(name, () => void order.push(name));
    }
  });
  model.forward(x).dispose();
  // Of the three under way, layer1 had a hook when it began.
  assert.deepEqual(order, ["pre layer1", "relu", "relu", "layer1"]);
});

hookTest("a pre-hook adds to its module, and to those inside", (model, x) => {
  const order: string[] = [];
  const first = model.registerForwardPreHook("layer2", () => {
    order.push("pre layer2");
    first.remove();
    for (const name of ["layer2", "layer2.0", "layer2.0.conv1"]) {
      model.registerForwardPreHook(name, () => void order.push(`pre ${name}`));
      model.registerForwardHook(name, () => void order.push(name));
    }
  });
  model.forward(x).dispose();
  assert.deepEqual(order, [
    ...["pre layer2", "pre layer2.0", "pre layer2.0.conv1"],
    ...["layer2.0.conv1", "layer2.0", "layer2"],
  ]);
});

hookTest("a hook that replaces the output, and is gone", (model, x) => {
  const handle = model.registerForwardHook(
    "layer1",
    (_m, _i, o) => tf.mul(o, 2),
  );
  const right = take(model.forward(x));
  handle.remove();
  let seen = 0;
  const once = model.registerForwardHook("layer1", (_m, _i, output) => {
    once.remove();
    model.registerForwardHook("layer3", () => {
      seen++;
    });
    return tf.mul(output, 2);
  });
  closeTo(take(model.forward(x)), right, 1e-5, "logits");
  assert.equal(seen, 1);
});

hookTest(
  "a hook that returns its input; new hooks at each step",
  (model, x) => {
    const handle = model.registerForwardHook(
      "layer1.0.relu",
      (_m, [input]) => input,
    );
    const right = take(model.forward(x));
    handle.remove();
    const names = ["layer1.0.relu", "layer2", "layer3.0.bn1", "layer4"];
    const order: string[] = [];
    const addNext = () => {
      const name = names.shift();
      if (!name) {
        return;
      }
      model.registerForwardHook(name, (_m, [input]) => {
        order.push(name);
        addNext();
        return name === "layer1.0.relu" ? input : undefined;
      });
    };
    addNext();
    closeTo(take(model.forward(x)), right, 1e-5, "logits");
    assert.deepEqual(order, [
      "layer1.0.relu",
      "layer1.0.relu",
      "layer2",
      "layer3.0.bn1",
      "layer4",
    ]);
  },
);

hookTest("a pre-hook adds one; an error leaves nothing behind", (model, x) => {
  const order: string[] = [];
  const first = model.registerForwardPreHook("layer2", (_m, [input]) => {
    order.push("pre");
    model.registerForwardHook("layer2.0.bn2", () => {
      order.push("bn2");
      throw new Error("stop");
    });
    return tf.mul(input, 2);
  });
  assert.throws(() => model.forward(x), /^Error: stop$/);
  assert.deepEqual(order, ["pre", "bn2"]);
  first.remove();
});
