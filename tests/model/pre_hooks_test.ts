import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, type ResNet, startBackend } from "../../mod.ts";
import { closeTo, take } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const arch = {
  name: "small",
  block: "Bottleneck",
  layers: [1, 2, 1, 1],
} as const;

function preHookTest(
  name: string,
  body: (model: ResNet, x: tf.Tensor4D) => void,
) {
  Deno.test(`forward pre-hooks: ${name}`, async () => {
    await startBackend();
    const x = tf.tensor4d(uniform("input", 40 * 33 * 3), [1, 40, 33, 3]);
    using model = await createModel(arch, null, formulaCheckpoint(arch));
    const before = tf.memory().numTensors;
    body(model, x);
    assert.equal(tf.memory().numTensors, before, "tensors left behind");
    x.dispose();
  });
}

preHookTest("each module gets its input, containers first", (model, x) => {
  const seen: string[] = [];
  const inputs = new Map<string, Float32Array>();
  for (
    const name of [
      "",
      "conv1",
      "bn1",
      "layer2",
      "layer2.0",
      "layer2.0.conv1",
      "avgpool",
    ]
  ) {
    model.registerForwardPreHook(name, (module, [input]) => {
      seen.push(module.name);
      inputs.set(module.name, input.dataSync<"float32">());
    });
  }
  model.registerForwardHook("layer2", () => void seen.push("after layer2"));
  model.forward(x).dispose();
  assert.deepEqual(seen, [
    ...["", "conv1", "bn1", "layer2", "layer2.0", "layer2.0.conv1"],
    ...["after layer2", "avgpool"],
  ]);
  const nodes = { bn1: "conv1", layer2: "layer1", avgpool: "layer4" };
  for (const [module, node] of Object.entries(nodes)) {
    closeTo(inputs.get(module)!, take(model.extract(x, [node])[node]));
  }
  assert.deepEqual(inputs.get("layer2.0.conv1"), inputs.get("layer2"));
  assert.deepEqual(inputs.get(""), x.dataSync());
});

preHookTest("a changed input reaches its module alone", (model, x) => {
  // The block's identity branch keeps the old value.
  const { "layer2.0": input, "layer2.1.bn3": branch } = model.extract(x, [
    "layer2.0",
    "layer2.1.bn3",
  ]);
  const handle = model.registerForwardPreHook(
    "layer2.1.conv1",
    (_module, [value]) => tf.zerosLike(value),
  );
  const { "layer2.1.add": add, "layer2.1.bn3": changed } = model.extract(x, [
    "layer2.1.add",
    "layer2.1.bn3",
  ]);
  assert.notDeepEqual(changed.dataSync(), branch.dataSync());
  closeTo(take(add), take(tf.add(input, changed)));
  handle.remove();
  tf.dispose([input, branch, changed]);
});

preHookTest(
  "a container's changed input reaches all modules inside",
  (model, x) => {
    const handle = model.registerForwardPreHook(
      "layer2.1",
      (_m, [value]) => tf.mul(value, 0),
    );
    const { "layer2.1.add": add, "layer2.1.bn3": branch } = model.extract(x, [
      "layer2.1.add",
      "layer2.1.bn3",
    ]);
    // The identity is zero now, so the sum is the branch.
    assert.deepEqual(take(add), take(branch));
    handle.remove();
  },
);

preHookTest("containers, modules and forward hooks together", (model, x) => {
  model.registerForwardPreHook("layer2", (_m, [value]) => tf.mul(value, 2));
  model.registerForwardPreHook("layer2.0", (_m, [value]) => tf.add(value, 1));
  let given: Float32Array | undefined;
  model.registerForwardHook("layer2.0", (_m, [value]) => {
    given = value.dataSync<"float32">();
  });
  const { layer1 } = model.extract(x, ["layer1"]);
  model.forward(x).dispose();
  closeTo(given!, take(layer1).map((v) => v * 2 + 1));
});

preHookTest("the whole network's input", (model, x) => {
  const zero = tf.zerosLike(x);
  const want = take(model.forward(zero));
  zero.dispose();
  model.registerForwardPreHook("", (_module, [value]) => tf.zerosLike(value));
  closeTo(take(model.forward(x)), want);
});

preHookTest("bad results, and errors that hooks throw", (model, x) => {
  const before = tf.memory().numTensors;
  const cases: [() => unknown, RegExp][] = [
    [
      () => tf.zeros([1, 2]),
      /^forward pre-hook on "bn1": expected float32 \[1, 20, 17, 64\], got float32 \[1, 2\]$/,
    ],
    [
      () => "x",
      /^forward pre-hook on "bn1": expected a tensor or nothing, got "x"$/,
    ],
    [
      async () => await Promise.resolve(),
      /^forward pre-hook on "bn1": .*, got a Promise/,
    ],
    [() => {
      throw new TypeError("from the hook");
    }, /^from the hook$/],
  ];
  for (const [hook, message] of cases) {
    const handle = model.registerForwardPreHook("bn1", hook as () => void);
    assert.throws(() => model.forward(x), { name: "TypeError", message });
    assert.equal(tf.memory().numTensors, before);
    handle.remove();
  }
  assert.throws(() => model.registerForwardPreHook("layer1.0.add", () => {}), {
    name: "RangeError",
    message: /cannot hook "layer1\.0\.add"/,
  });
});
