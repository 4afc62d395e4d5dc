/** ResNet-D; `tests/long` has resnet101d. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  createModel,
  embed,
  featureInfo,
  type ModelOptions,
  startBackend,
  summary,
} from "../../mod.ts";
import { gradCam } from "../../src/maps/grad_cam.ts";
import { outputGradient } from "../../src/maps/gradient.ts";
import { guessArch } from "../../src/weights/guess_arch.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { closeTo, take } from "../support/close.ts";
import { tolerance } from "../support/digest.ts";
import { direct, fastTolerance } from "../support/direct_weights.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { tensorTest } from "../support/leaks.ts";
import { uniform } from "../support/uniform.ts";
import { cases, checkNodes, folder } from "./resnet_d_case.ts";

const { kernels } = await startBackend();

for (const [name, each] of Object.entries(cases)) {
  if (name === "resnet101d") continue;
  const test = (setting: string, options: ModelOptions, tolerance: number) =>
    tensorTest(
      `every module equals timm's, ${setting}: ${name} ${each.input}`,
      () => checkNodes(name, each, options, tolerance),
    );
  test(`${kernels} kernels`, {}, fastTolerance);
  // The direct convolutions are those of nodes_test.ts.
  if (kernels === "own" && name.startsWith("small")) {
    test("direct convolutions", direct, tolerance);
  }
}

/** ResNet-D with one block in each stage. */
const tiny: ArchRow = {
  name: "tiny_d",
  block: "Bottleneck",
  layers: [1, 1, 1, 1],
  numClasses: 5,
  deepStem: true,
  avgDown: true,
};

const picture = () => tf.tensor4d(uniform("x", 33 * 47 * 3), [1, 33, 47, 3]);

Deno.test("ResNet-D: torchvision's names of stem, pool and vector are understood", async () => {
  using model = await createModel(tiny, null, formulaCheckpoint(tiny));
  const x = picture();
  const names = ["relu", "avgpool", "flatten"] as const;
  assert.deepEqual(names.map((name) => model.resolveNode(name)), [
    "act1",
    "global_pool.pool",
    "global_pool.flatten",
  ]);
  const { flatten } = model.extract(x, names);
  const vector = embed(model, x);
  const features = model.forwardFeatures(x);
  const flat = model.forwardHead(features, { preLogits: true });
  assert.deepEqual([...vector.dataSync()], [...flatten.dataSync()]);
  closeTo(take(flat), take(flatten), 1e-6);
  assert.deepEqual(featureInfo(model).map(({ module }) => module), [
    "act1",
    "layer1",
    "layer2",
    "layer3",
    "layer4",
  ]);
  assert.equal(model.inChannels, 3);
});

Deno.test("ResNet-D: the gradient agrees with small changes of a node", async () => {
  for (const replaceStrideWithDilation of [undefined, [false, false, true]]) {
    const row = { ...tiny, replaceStrideWithDilation } as ArchRow;
    using model = await createModel(row, null, formulaCheckpoint(row));
    const x = picture();
    const gradient = outputGradient(model, x, "layer1", 2);
    const change = tf.tensor(uniform("change", gradient.size), gradient.shape);
    const want = tf.sum(tf.mul(gradient, change)).dataSync()[0];
    const at = (size: number) => {
      const handle = model.registerForwardHook(
        "layer1",
        (_module, _inputs, y) => tf.add(y, tf.mul(change, size)),
      );
      const logits = model.forward(x).dataSync();
      handle.remove();
      return logits[2];
    };
    const size = 3e-4; // Larger changes pass the kinks of ReLUs.
    const got = (at(size) - at(-size)) / (2 * size);
    assert.ok(Math.abs(got - want) < 0.02 * Math.abs(want), `${got} ${want}`);
    const cam = gradCam(model, x, "layer2", 2);
    assert.deepEqual(cam.shape, [1, 5, 6]);
  }
});

Deno.test("ResNet-D: a saved model has the same outputs, and is recognized", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npz" });
  try {
    using model = await createModel(tiny, null, formulaCheckpoint(tiny));
    await model.save(path);
    const checkpoint = await openCheckpoint(path);
    const guessed = guessArch(checkpoint);
    checkpoint.close();
    assert.deepEqual(
      [guessed.deepStem, guessed.avgDown, guessed.layers, guessed.numClasses],
      [true, true, [1, 1, 1, 1], 5],
    );
    using again = await createModel(guessed, null, path);
    const x = picture();
    closeTo(take(again.forward(x)), take(model.forward(x)), 1e-5);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("ResNet-D: one of its two options alone", async () => {
  for (const option of ["deepStem", "avgDown"] as const) {
    const row = { ...tiny, deepStem: false, avgDown: false, [option]: true };
    using model = await createModel(row, null, formulaCheckpoint(row));
    assert.deepEqual(model.forward(picture()).shape, [1, 5]);
    assert.ok(model.namedModules().has("layer1.0.act3"));
    const names = model.namedModules();
    assert.equal(names.has("conv1.6"), option === "deepStem");
    assert.equal(names.has("layer1.0.downsample.2"), option === "avgDown");
  }
});

Deno.test("ResNet-D: the state dicts of resnet18d to resnet152d, and their summaries", async () => {
  const packed = await Deno.readFile(new URL("tensors.json.gz", folder));
  const stream = new Blob([packed]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const networks: Record<string, { tensors: Record<string, number[]> }> =
    await new Response(stream).json();
  assert.equal(Object.keys(networks).length, 5);
  for (const [name, { tensors }] of Object.entries(networks)) {
    const expected = Object.entries(tensors)
      .filter(([name]) => !name.endsWith("num_batches_tracked"));
    const got = formulaCheckpoint(name).tensors;
    assert.deepEqual(
      [...got].map(([name, { shape }]) => [name, shape]).sort(),
      expected.sort(),
    );
    const { totalParams } = summary(name, [3, 224, 224]);
    const count = expected.filter(([name]) => !name.includes("running_"))
      .reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
    assert.equal(totalParams, count);
  }
});
