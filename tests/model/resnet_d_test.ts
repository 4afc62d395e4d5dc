/**
 * Every module of ResNet-D, beside timm's digests of it: `scripts/make_resnetd_goldens.py`.
 *
 * timm adds the shortcut to the last batch norm's output in place, so a digest of that output is the
 * sum's.
 */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  createModel,
  embed,
  featureInfo,
  fromNCHW,
  type ModelOptions,
  startBackend,
  summary,
  toNCHW,
} from "../../mod.ts";
import { gradCam } from "../../src/maps/grad_cam.ts";
import { outputGradient } from "../../src/maps/gradient.ts";
import { guessArch } from "../../src/weights/guess_arch.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { closeTo, take } from "../support/close.ts";
import { compareDigest, digestLength, tolerance } from "../support/digest.ts";
import { direct, fastTolerance } from "../support/direct_weights.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";
import { tensorTest } from "../support/leaks.ts";

/** One network in timm's words, one input, and timm's digest of every module. */
interface Case {
  readonly block: ArchRow["block"];
  readonly layers: ArchRow["layers"];
  readonly cardinality?: number;
  readonly base_width?: number;
  readonly num_classes?: number;
  readonly in_chans?: number;
  readonly output_stride?: 8 | 16;
  readonly input: readonly [number, number, number];
  /** NCHW shapes by module, in the order of the digests. */
  readonly nodes: Readonly<Record<string, number[]>>;
  /** Modules that return what another one returned. */
  readonly same: Readonly<Record<string, string>>;
}

const folder = new URL("../data/resnetd/", import.meta.url);
const cases: Record<string, Case> = JSON.parse(
  await Deno.readTextFile(new URL("index.json", folder)),
);
const { kernels } = await startBackend();

function rowOf(name: string, each: Case): ArchRow {
  const dilated = {
    8: [false, true, true],
    16: [false, false, true],
  } as const;
  return {
    name,
    block: each.block,
    layers: each.layers,
    groups: each.cardinality,
    widthPerGroup: each.base_width,
    numClasses: each.num_classes,
    inChannels: each.in_chans,
    replaceStrideWithDilation: each.output_stride &&
      dilated[each.output_stride],
    deepStem: true,
    avgDown: true,
  };
}

/** Checks a network's modules, once with all of them watched, once with few. */
async function checkNodes(
  name: string,
  each: Case,
  options: ModelOptions,
  tolerance: number,
): Promise<void> {
  const { input: [n, h, w], nodes, same } = each;
  const arch = rowOf(name, each), c = arch.inChannels ?? 3;
  using model = await createModel(
    arch,
    null,
    formulaCheckpoint(arch),
    options,
  );
  const modules = [...model.namedModules().keys()].filter((name) => name);
  assert.deepEqual(
    modules.toSorted(),
    [...Object.keys(nodes), ...Object.keys(same)].sort(),
  );
  const all = [...model.nodes().keys()];
  for (const node of all) {
    assert.ok(node in nodes || node in same || node.endsWith(".add"), node);
  }
  const lastNorm = each.block === "BasicBlock"
    ? /(?<=layer.*)\.bn2$/
    : /\.bn3$/;
  const x = tf.tidy(() =>
    fromNCHW(tf.tensor(uniform("input", n * c * h * w), [n, c, h, w]))
  );
  const digests = new Float32Array(
    (await Deno.readFile(new URL(`${name}.f32`, folder))).buffer,
  );
  const few = Object.keys(nodes).filter((node) =>
    /act\d$|^layer\d\.\d\.bn1$|pool|downsample\.0|fc/.test(node)
  );
  const passes = [[...new Set([...modules, ...all])], few];
  for (const watched of passes.slice(0, name === "resnet101d" ? 1 : 2)) {
    const values = model.extract(x, watched);
    let offset = 0;
    for (const [name, shape] of Object.entries(nodes)) {
      const want = digests.subarray(offset, offset += digestLength(shape));
      const node = name.replace(lastNorm, ".add");
      if (!(node in values)) continue;
      const nchw = toNCHW(values[node]);
      const got = nchw.dataSync<"float32">();
      compareDigest(node, got, shape, want, tolerance);
      nchw.dispose();
    }
    assert.equal(offset, digests.length);
    for (const [module, other] of Object.entries(same)) {
      if (!(module in values)) continue;
      const [one, two] = [values[module], values[other]];
      assert.deepEqual(one.shape, two.shape);
      assert.ok(
        tf.tidy(() => tf.all(tf.equal(one, two)).dataSync()[0]),
        module,
      );
    }
    tf.dispose(values);
  }
  x.dispose();
}

for (const [name, each] of Object.entries(cases)) {
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
