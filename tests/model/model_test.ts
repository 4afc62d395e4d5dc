import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  archTable,
  createModel,
  fromNCHW,
  startBackend,
  toNCHW,
} from "../../mod.ts";
import { relativeError, take } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const small = {
  name: "small",
  block: "Bottleneck",
  layers: [1, 1, 2, 1],
} as const;

const input = () => tf.tensor4d(uniform("input", 37 * 41 * 3), [1, 37, 41, 3]);

Deno.test("the arch table has torchvision's ten, timm's ResNet-D and the network that ships", () => {
  assert.deepEqual([...archTable.keys()], [
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
    "resnet18d",
    "resnet34d",
    "resnet50d",
    "resnet101d",
    "resnet152d",
    "mlnet_resnet18",
  ]);
});

Deno.test("truncation: each cut gives the node that the whole network has", async () => {
  await startBackend();
  const tensors = tf.memory().numTensors;
  const x = input();
  const checkpoint = formulaCheckpoint(small);
  const whole = await createModel(small, null, checkpoint);
  const cuts: [string, string[], string?][] = [
    // outputLayer, the keys of the last layer's children, the node if it has another name
    ["conv1", []],
    ["relu", []],
    ["maxpool", []],
    ["layer1", ["0"], "layer1.0.relu_2"],
    ["layer2.0.downsample", ["0"], "layer2.0.downsample.1"],
    ["layer3.1.conv2", ["0", "1"]],
    ["layer3.0.add", ["0"]],
    ["layer3.0.relu_1", ["0"]],
    ["layer3.0", ["0"], "layer3.0.relu_2"],
    ["avgpool", []],
    ["flatten", []],
    ["fc", []],
  ];
  for (const [name, children, node = name] of cuts) {
    const want = take(whole.extract(x, [node])[node]);
    checkpoint.reads.length = 0;
    {
      using made = await createModel(small, name, checkpoint);
      using cut = whole.truncate(name);
      for (const model of [made, cut]) {
        assert.equal(model.outputLayer, node);
        assert(relativeError(take(model.forward(x)), want) < 1e-5, name);
        assert.equal([...model.nodes().keys()].at(-1), node);
        const [last, module] = [...model.layers].at(-1)!;
        assert.equal(last, name === "flatten" ? "avgpool" : name.split(".")[0]);
        assert.deepEqual([...module.children.keys()], children);
      }
      // Only tensors up to the cut were read.
      const read = new Set(
        checkpoint.reads.map((key) => key.replace(/\.\w+$/, "")),
      );
      const modules = [...made.namedModules().keys()];
      assert.deepEqual([...read].filter((key) => !modules.includes(key)), []);
      assert.equal(checkpoint.reads.length, new Set(checkpoint.reads).size);
    }
  }
  whole.dispose();
  x.dispose();
  assert.equal(tf.memory().numTensors, tensors);
});

Deno.test("of several output layers, forward returns the deepest", async () => {
  await startBackend();
  const x = input();
  const checkpoint = formulaCheckpoint(small);
  const names = ["layer2", "conv1", "layer1.0.relu"];
  using model = await createModel(small, names, checkpoint);
  assert.equal(model.outputLayer, "layer2.0.relu_2");
  assert(!checkpoint.reads.some((name) => name.startsWith("layer3")));
  const values = model.extract(x, names);
  const output = take(model.forward(x));
  assert(relativeError(output, take(values.layer2)) < 1e-5);
  tf.dispose(values);
  using front = model.truncate(["layer1.0.add", "conv1"]);
  assert.equal(front.outputLayer, "layer1.0.add");
  await assert.rejects(createModel(small, []), {
    name: "RangeError",
    message: "outputLayer: expected one or more names, got an empty list",
  });
  await assert.rejects(createModel(small, ["conv1", "conv9"]), {
    name: "RangeError",
    message: /^there is no node "conv9"/,
  });
  assert.throws(() => model.forward(values.conv1 as tf.Tensor4D), {
    message: "expected a live tensor; this one was disposed",
  });
  x.dispose();
});

Deno.test("nodes: what computes each, and from what", async () => {
  using model = await createModel(small, "layer1.0.add");
  const nodes = [...model.nodes().values()];
  assert.deepEqual(
    nodes.slice(-2).map(({ module, ...node }) => [node, module?.type]),
    [[
      {
        name: "layer1.0.downsample.1",
        operation: "BatchNorm2d",
        inputs: ["layer1.0.downsample.0"],
      },
      "BatchNorm2d",
    ], [
      {
        name: "layer1.0.add",
        operation: "add",
        inputs: ["layer1.0.bn3", "layer1.0.downsample.1"],
      },
      undefined,
    ]],
  );
  assert.deepEqual(nodes[0].inputs, ["x"]);
});

Deno.test("truncate: a cut of a cut, each independent of the others", async () => {
  await startBackend();
  const x = input();
  const model = await createModel(small, "layer3", formulaCheckpoint(small));
  const bytes = tf.memory().numBytes;
  const layer2 = model.truncate("layer2");
  const conv1 = layer2.truncate("conv1");
  assert.equal(tf.memory().numBytes, bytes, "no copy is made");
  const [two, one] = [take(layer2.forward(x)), take(conv1.forward(x))];
  model.dispose();
  assert(tf.memory().numBytes < bytes, "what only it had is freed");
  assert.deepEqual(take(layer2.forward(x)), two);
  layer2.dispose();
  layer2.dispose();
  assert.deepEqual(take(conv1.forward(x)), one);
  conv1.dispose();
  x.dispose();
});

Deno.test("extract: names of one node are tensors of their own", async () => {
  await startBackend();
  using model = await createModel(small, null, formulaCheckpoint(small));
  const x = input();
  const before = tf.memory().numTensors;
  const values = model.extract(x, ["layer1", "layer1.0.relu_2", "layer1"]);
  assert.deepEqual(Object.keys(values), ["layer1", "layer1.0.relu_2"]);
  values.layer1.dispose();
  assert(take(values["layer1.0.relu_2"]).some((v) => v > 0));
  assert.equal(tf.memory().numTensors, before);
  x.dispose();
});

Deno.test("a forward pass works inside tf.tidy", async () => {
  await startBackend();
  using model = await createModel(small, "layer2", formulaCheckpoint(small));
  const x = input();
  const plain = take(model.forward(x));
  const before = tf.memory().numTensors;
  const inTidy = tf.tidy(() => tf.mul(model.forward(x), 1));
  assert.deepEqual(take(inTidy), plain);
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(take(model.forward(x)), plain);
  x.dispose();
});

Deno.test("fresh weights: torchvision's distributions, the same wherever the cut", async () => {
  await startBackend();
  const x = input();
  using a = await createModel("resnet18", "layer2", false, { seed: 7 });
  using b = await createModel("resnet18", "layer1", false, { seed: 7 });
  using c = await createModel("resnet18", "layer1", false, { seed: 8 });
  const [one, same, other] = [
    take(a.extract(x, ["layer1"]).layer1),
    take(b.forward(x)),
    take(c.forward(x)),
  ];
  assert.deepEqual(one, same);
  assert(relativeError(other, one) > 0.1);
  x.dispose();
});

Deno.test("layouts: to NCHW and back", async () => {
  await startBackend();
  const x = input();
  const nchw = toNCHW(x);
  assert.deepEqual(nchw.shape, [1, 3, 37, 41]);
  const [at, there] = [x.dataSync(), nchw.dataSync()];
  assert.equal(there[(2 * 37 + 5) * 41 + 7], at[(5 * 41 + 7) * 3 + 2]);
  assert.deepEqual(take(fromNCHW(nchw)), at);
  const flat = tf.zeros([2, 5]);
  assert.deepEqual(toNCHW(flat).shape, [2, 5]);
  assert.throws(() => toNCHW(tf.zeros([2, 3, 4])), {
    name: "TypeError",
    message: "toNCHW: expected [N, H, W, C] or [N, C], got [2, 3, 4]",
  });
  assert.throws(() => fromNCHW(flat), {
    name: "TypeError",
    message: /^fromNCHW: expected \[N, C, H, W\], got \[2, 5\]$/,
  });
});

Deno.test("bad input to createModel", async () => {
  const cases: [() => Promise<unknown>, string, RegExp][] = [
    [
      () => createModel("resnet51"),
      "RangeError",
      /no architecture "resnet51"/,
    ],
    [
      () => createModel("resnet18", "layer5" as string),
      "RangeError",
      /no node "layer5"; did you mean "layer1", .*\? nodes\(\) lists all/,
    ],
    [
      () => createModel("resnet18", "layer1.0.rellu" as string),
      "RangeError",
      /no node "layer1\.0\.rellu"; did you mean "layer1\.0\.relu"/,
    ],
    [
      () => createModel("resnet18", 4 as unknown as string),
      "TypeError",
      /^expected a node's name, such as "layer4", got 4$/,
    ],
    [
      () => createModel("resnet18", null, "IMAGENET1K_V3"),
      "RangeError",
      /IMAGENET1K_V3.*IMAGENET1K_V1/,
    ],
  ];
  for (const [make, name, message] of cases) {
    await assert.rejects(make, { name, message });
  }
});

Deno.test("a checkpoint that doesn't match: all differences in one message", async () => {
  const checkpoint = formulaCheckpoint(small);
  checkpoint.tensors.delete("bn1.bias");
  checkpoint.tensors.delete("layer1.0.conv1.weight");
  checkpoint.tensors.set("layer2.0.conv1.weight", {
    shape: [1, 2, 3, 4],
    dtype: "float32",
  });
  checkpoint.tensors.set("layer2.0.se.weight", {
    shape: [1],
    dtype: "float32",
  });
  checkpoint.tensors.set("bn1.num_batches_tracked", {
    shape: [],
    dtype: "int64",
  });
  const before = tf.memory().numTensors;
  await assert.rejects(() => createModel(small, null, checkpoint), {
    name: "TypeError",
    message:
      `"formula" doesn't match small: 2 tensors missing (bn1.bias, layer1.0.conv1.weight), ` +
      `1 of another shape (layer2.0.conv1.weight [1, 2, 3, 4] instead of [128, 256, 1, 1]), ` +
      `1 unexpected (layer2.0.se.weight)`,
  });
  const headless = formulaCheckpoint({ ...small, numClasses: 0 });
  const ten = { ...small, numClasses: 10 };
  await assert.rejects(() => createModel(ten, null, headless), {
    name: "TypeError",
    message:
      /2 tensors missing \(fc\.weight, fc\.bias\); the file has no head \(fc\)/,
  });
  // Cut before the head, the same file matches; without numClasses, the file decides.
  (await createModel(ten, "flatten", headless)).dispose();
  (await createModel(small, null, headless)).dispose();
  await assert.rejects(() => createModel(small, "fc", headless), {
    name: "RangeError",
    message: /^this network has no classification head \(fc\)$/,
  });
  // A read that fails halfway leaves nothing behind.
  const torn = formulaCheckpoint(small);
  const { read } = torn;
  torn.read = (name) =>
    name.startsWith("layer2") ? Promise.reject(new Error("torn")) : read(name);
  await assert.rejects(() => createModel(small, null, torn), /torn/);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("weights that are NaN load, with a warning", async () => {
  const checkpoint = formulaCheckpoint(small);
  const { read } = checkpoint;
  checkpoint.read = async (name) => {
    const values = await read(name);
    if (name === "layer1.0.conv2.weight") values[5] = NaN;
    if (name === "bn1.running_mean") values[0] = Infinity;
    return values;
  };
  const warnings: string[] = [];
  using model = await createModel(small, "layer1", checkpoint, {
    warn: (message) => warnings.push(message),
  });
  assert.deepEqual(warnings, [
    `"formula" has NaN or infinite values in bn1.running_mean, layer1.0.conv2.weight`,
  ]);
  assert.equal(model.outputLayer, "layer1.0.relu_2");
});

Deno.test("bad input to a model", async () => {
  await startBackend();
  const model = await createModel(small, "layer2", formulaCheckpoint(small));
  const x = input();
  const before = tf.memory().numTensors;
  const bad: [tf.Tensor | number, string, RegExp][] = [
    [
      tf.zeros([1, 3, 32, 32]),
      "TypeError",
      /^expected \[N, H, W, 3\], got \[1, 3, 32, 32\]; convert NCHW with fromNCHW\(x\)$/,
    ],
    [
      tf.zeros([32, 32, 3]),
      "TypeError",
      /^expected \[N, H, W, 3\], got \[32, 32, 3\]$/,
    ],
    [
      tf.zeros([1, 32, 32, 3], "int32"),
      "TypeError",
      /^expected a float32 tensor, got int32$/,
    ],
    [
      tf.zeros([0, 32, 32, 3]),
      "RangeError",
      /^expected a batch with values, got \[0, 32, 32, 3\]$/,
    ],
    [7, "TypeError", /^expected a float32 tensor \[N, H, W, 3\], got 7$/],
  ];
  for (const [value, name, message] of bad) {
    assert.throws(() => model.forward(value as tf.Tensor4D), { name, message });
    if (value instanceof tf.Tensor) value.dispose();
  }
  const names: [string, RegExp][] = [
    [
      "layer4",
      /^"layer4" comes after this model's last layer \("layer2\.0\.relu_2"\); create the model with a later outputLayer$/,
    ],
    ["fc", /"fc" comes after this model's last layer/],
    [
      "layer2.0.conv9",
      /no node "layer2\.0\.conv9"; did you mean "layer2\.0\.conv1"/,
    ],
  ];
  for (const [name, message] of names) {
    assert.throws(() => model.extract(x, [name]), {
      name: "RangeError",
      message,
    });
    assert.throws(() => model.truncate(name), { name: "RangeError", message });
  }
  assert.throws(() => model.extract(x, "layer1" as unknown as string[]), {
    name: "TypeError",
    message: /^extract: expected a list of node names, got "layer1"$/,
  });
  assert.equal(tf.memory().numTensors, before);
  model.dispose();
  const gone = /this small \(up to "layer2\.0\.relu_2"\) was disposed/;
  for (
    const use of [
      () => model.forward(x),
      () => model.extract(x, ["layer1"]),
      () => model.truncate("layer1"),
      () => model.nodes(),
      () => model.namedModules(),
      () => model.summary(),
      () => model.registerForwardHook("layer1", () => {}),
      () => model.preprocess({ width: 1, height: 1, data: new Uint8Array(3) }),
    ]
  ) assert.throws(use, gone);
  x.dispose();
  assert.throws(() => take(x), /disposed/);
});
