import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  createFeatureExtractor,
  createModel,
  featureInfo,
  startBackend,
} from "../../mod.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const arch = {
  name: "small",
  block: "Bottleneck",
  layers: [1, 1, 1, 1],
} as const;

const input = () => tf.tensor4d(uniform("input", 33 * 47 * 3), [1, 33, 47, 3]);

Deno.test("a feature extractor returns nodes by the caller's names, and goes no deeper", async () => {
  await startBackend();
  const before = tf.memory().numTensors;
  const x = input();
  const model = await createModel(arch, null, formulaCheckpoint(arch));
  const bytes = tf.memory().numBytes;
  const extractor = createFeatureExtractor(model, {
    layer3: "high",
    "layer2.0.relu_1": "low",
    layer1: "front",
  });
  assert.equal(tf.memory().numBytes, bytes, "the weights are shared");
  assert.deepEqual(extractor.names, ["high", "low", "front"]);
  const want = model.extract(x, ["layer3", "layer2.0.relu_1", "layer1"]);
  model.dispose();
  for (let i = 0; i < 3; i++) {
    const values = extractor.forward(x);
    assert.deepEqual(Object.keys(values), ["high", "low", "front"]);
    assert.deepEqual(values.high.dataSync(), want.layer3.dataSync());
    assert.deepEqual(values.low.dataSync(), want["layer2.0.relu_1"].dataSync());
    assert.deepEqual(values.front.dataSync(), want.layer1.dataSync());
    tf.dispose(values);
  }
  extractor.dispose();
  assert.throws(
    () => extractor.forward(x),
    /up to "layer3\.0\.relu_2"\) was disposed/,
  );
  tf.dispose([want, x]);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("a feature extractor by stages, as in timm", async () => {
  using model = await createModel(arch, null, formulaCheckpoint(arch));
  assert.deepEqual(featureInfo(model), [
    { module: "relu", channels: 64, reduction: 2 },
    { module: "layer1", channels: 256, reduction: 4 },
    { module: "layer2", channels: 512, reduction: 8 },
    { module: "layer3", channels: 1024, reduction: 16 },
    { module: "layer4", channels: 2048, reduction: 32 },
  ]);
  using last = createFeatureExtractor(model, { outIndices: [0, -1] });
  assert.deepEqual(last.names, ["relu", "layer4"]);
  using dilated = await createModel(
    { ...arch, replaceStrideWithDilation: [false, true, true] },
    "layer4",
  );
  assert.deepEqual(featureInfo(dilated).map(({ reduction }) => reduction), [
    2,
    4,
    8,
    8,
    8,
  ]);
});

Deno.test("forwardFeatures and forwardHead are the two halves of forward", async () => {
  await startBackend();
  const x = input();
  using model = await createModel(arch, null, formulaCheckpoint(arch));
  const before = tf.memory().numTensors;
  const features = model.forwardFeatures(x);
  const logits = model.forwardHead(features);
  const pooled = model.forwardHead(features, { preLogits: true });
  const want = model.extract(x, ["layer4", "flatten", "fc"]);
  assert.deepEqual(features.dataSync(), want.layer4.dataSync());
  assert.deepEqual(pooled.dataSync(), want.flatten.dataSync());
  assert.deepEqual(logits.dataSync(), want.fc.dataSync());
  // Hooks on what the head calls fire, the others don't.
  const fired: string[] = [];
  for (const name of ["layer4", "avgpool", "fc", ""]) {
    model.registerForwardHook(name, () => void fired.push(name));
    model.registerForwardPreHook(name, () => void fired.push(`before ${name}`));
  }
  model.forwardHead(features).dispose();
  assert.deepEqual(fired, ["before avgpool", "avgpool", "before fc", "fc"]);
  assert.throws(() => model.forwardHead(x), {
    name: "TypeError",
    message: /^expected \[N, H, W, 2048\], got \[1, 33, 47, 3\]$/,
  });
  tf.dispose([features, logits, pooled, want]);
  assert.equal(tf.memory().numTensors, before);
  using headless = model.truncate("layer4");
  assert.throws(() => headless.forwardHead(x), {
    name: "RangeError",
    message: /"flatten" comes after this model's last layer/,
  });
  x.dispose();
});

Deno.test("bad input to createFeatureExtractor", async () => {
  using model = await createModel(arch, "layer2", formulaCheckpoint(arch));
  const cases: [Parameters<typeof createFeatureExtractor>[1], RegExp][] = [
    [[], /^nodes: expected one or more names, got an empty list$/],
    [["layer1", "layer1"], /^nodes: the name "layer1" is given twice$/],
    [{ layer1: "a", layer2: "a" }, /the name "a" is given twice/],
    [["layer3"], /^"layer3" comes after this model's last layer/],
    [["layer9"], /no node "layer9"/],
    [
      { outIndices: [1, 3] },
      /^outIndices: expected a stage from 0 to 2 \(relu, layer1, layer2\), got 3$/,
    ],
    [{ outIndices: [0.5] }, /, got 0\.5$/],
  ];
  for (const [nodes, message] of cases) {
    assert.throws(() => createFeatureExtractor(model, nodes), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("the constructor's options change a network of the table", async () => {
  using model = await createModel("resnet50", "layer4", false, {
    replaceStrideWithDilation: [false, false, true],
    inChannels: 1,
  });
  assert.deepEqual(model.shapes([1, 224, 224, 1]).get("layer4.2.relu_2"), [
    1,
    14,
    14,
    2048,
  ]);
  using zero = await createModel("resnet18", "layer1", false, {
    zeroInitResidual: true,
  });
  await startBackend();
  const x = input();
  const { maxpool, layer1 } = zero.extract(x, ["maxpool", "layer1"]);
  assert.deepEqual(
    layer1.dataSync(),
    maxpool.dataSync(),
    "each block is the identity",
  );
  tf.dispose([x, maxpool, layer1]);
  const bad: [object, RegExp][] = [
    [
      { replaceStrideWithDilation: [true] },
      /^resnet18\.replaceStrideWithDilation: expected three booleans, got \[true\]$/,
    ],
    [
      { replaceStrideWithDilation: [false, false, true] },
      /^resnet18: BasicBlock has no dilation, as in torchvision; use Bottleneck$/,
    ],
    [{ groups: 2 }, /^resnet18: BasicBlock has groups 1 and widthPerGroup 64/],
    [
      { numClasses: -1 },
      /^resnet18\.numClasses: expected an integer of at least 0, got -1$/,
    ],
    [
      { inChannels: 0 },
      /^resnet18\.inChannels: expected an integer of at least 1, got 0$/,
    ],
  ];
  for (const [options, message] of bad) {
    await assert.rejects(() => createModel("resnet18", null, false, options), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("withHead: another head on the same weights", async () => {
  await startBackend();
  const before = tf.memory().numTensors;
  const x = input();
  const model = await createModel(arch, null, formulaCheckpoint(arch));
  const bytes = tf.memory().numBytes;
  const weight = uniform("a head", 3 * 2048), bias = uniform("its bias", 3);
  const other = model.withHead({ weight, bias });
  using trunk = model.truncate("flatten");
  const head = other.weightBytes - trunk.weightBytes;
  // Kernels may fill its classes up to eight.
  assert(head >= 4 * (3 * 2048 + 3) && head <= 4 * (8 * 2048 + 8));
  assert.equal(tf.memory().numBytes, bytes + head);
  assert.equal(other.namedModules().get("fc")!.type, "Linear");
  const { flatten } = model.extract(x, ["flatten"]);
  const features = flatten.dataSync();
  model.dispose();
  trunk.dispose();
  const logits = other.forward(x);
  logits.dataSync().forEach((logit, c) => {
    const row = weight.subarray(c * 2048, (c + 1) * 2048);
    const want = row.reduce((sum, w, i) => sum + w * features[i], bias[c]);
    assert(Math.abs(logit - want) < 1e-4 * Math.abs(want), `${logit} ${want}`);
  });
  assert.throws(() => other.withHead({ weight, bias: new Float32Array(2) }), {
    name: "TypeError",
    message:
      "withHead: expected a weight [classes, 2048] and a bias [classes], got 6144 and 2 numbers",
  });
  using cut = other.truncate("layer2");
  assert.throws(() => cut.withHead({ weight, bias }), {
    name: "RangeError",
    message: /"flatten" comes after this model's last layer/,
  });
  cut.dispose();
  other.dispose();
  tf.dispose([x, flatten, logits]);
  assert.equal(tf.memory().numTensors, before);
});
