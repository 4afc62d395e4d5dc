/** What the commands do, as functions: classify, embed, featureMapGrid. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  type Checkpoint,
  classify,
  createModel,
  decodeImage,
  embed,
  startBackend,
} from "../../mod.ts";
import { featureMapGrid } from "../../src/maps/mod.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";

const tiny: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 4,
};
const labels = ["ant", "bee", "cat", "dog"];
const files = ["chelsea.png", "rocket.jpg", "coffee.png"]
  .map((name) => `examples/images/${name}`);
const pictures = await Promise.all(files.map((file) => decodeImage(file)));

/** Weights whose head ignores the picture and answers `logits`. */
function answering(row: ArchRow, logits: readonly number[]): Checkpoint {
  const checkpoint = formulaCheckpoint(row);
  return {
    ...checkpoint,
    async read(name) {
      const values = await checkpoint.read(name);
      if (name === "fc.weight") values.fill(0);
      if (name === "fc.bias") values.set(logits);
      return values;
    },
  };
}

/** Runs a test and checks that it leaves no tensors behind but those that it owns. */
function functionTest(name: string, run: () => Promise<void>) {
  Deno.test(name, async () => {
    await startBackend();
    const before = tf.memory().numTensors;
    await run();
    assert.equal(tf.memory().numTensors, before, "tensors left behind");
  });
}

functionTest("classify: softmax, the surest first", async () => {
  // 1000 is added to all: the exponential of that alone is infinite.
  const logits = [0.1, 0.4, 0.2, 0.3].map((p) => 1000 + Math.log(p));
  using model = await createModel(tiny, null, answering(tiny, logits));
  const [cat] = pictures;
  const classes = await classify(model, cat, { labels });
  assert.deepEqual(classes.map(({ label }) => label), [
    "bee",
    "dog",
    "cat",
    "ant",
  ]);
  classes.forEach(({ score }, i) =>
    assert(Math.abs(score - (4 - i) / 10) < 1e-4, `${score}`)
  );
  assert.deepEqual(
    await classify(model, cat, { labels, top: 2 }),
    classes.slice(0, 2),
  );
});

functionTest("classify: one picture, several, a batch", async () => {
  using model = await createModel(tiny, null, formulaCheckpoint(tiny));
  const input = model.preprocess(pictures);
  const logits = model.forward(input);
  const scores = tf.softmax(logits as tf.Tensor2D);
  const rows = await scores.array();
  const several = await classify(model, pictures, { labels });
  assert.equal(several.length, pictures.length);
  for (const [i, classes] of several.entries()) {
    const scoreOf = (name: string) =>
      classes.find(({ label }) => label === name)!.score;
    closeTo(labels.map(scoreOf), rows[i]);
    const one = await classify(model, pictures[i], { labels });
    closeTo(
      one.map(({ score }) => score),
      classes.map(({ score }) => score),
    );
    assert.deepEqual(await classify(model, [pictures[i]], { labels }), [one]);
  }
  assert.notDeepEqual(several[0], several[1]);
  assert.deepEqual(await classify(model, input, { labels }), several);
  assert(!input.isDisposed);
  tf.dispose([input, logits, scores]);
});

functionTest("classify: ImageNet's names for 1000 classes", async () => {
  const row = { ...tiny, numClasses: 1000 };
  const logits = Array(1000).fill(0);
  logits[285] = 20;
  using model = await createModel(row, null, answering(row, logits));
  const classes = await classify(model, pictures[0]);
  assert.equal(classes.length, 5);
  assert.equal(classes[0].label, "Egyptian cat");
  assert(classes[0].score > 0.99);
  const numbers = logits.map((_, i) => `${i}`);
  const [first] = await classify(model, pictures[0], { labels: numbers });
  assert.equal(first.label, "285");
});

functionTest("bad input to classify", async () => {
  using model = await createModel(tiny, null, formulaCheckpoint(tiny));
  using cut = model.truncate("flatten");
  const [cat] = pictures;
  const message = (message: string) => ({ name: "RangeError", message });
  const headed =
    "classify: expected a network with its classification head (fc)";
  await assert.rejects(
    classify(cut, cat, { labels }),
    message(`${headed}, got tiny up to "flatten"`),
  );
  using shipped = await createModel("mlnet_resnet18", "layer1", true);
  await assert.rejects(
    classify(shipped, cat),
    message(
      `${headed}, got mlnet_resnet18 up to "layer1.1.relu_1"`,
    ),
  );
  const [unnamed] = await classify(model, cat, { top: 1 });
  assert.match(unnamed.label, /^class [0-3]$/);
  await assert.rejects(
    classify(model, cat, { labels: ["yes", "no"] }),
    message(
      "2 labels but 4 classes; the counts must match",
    ),
  );
  for (const top of [0, 1.5, NaN, -1]) {
    await assert.rejects(
      classify(model, cat, { labels, top }),
      message(
        `top: expected an integer of at least 1, got ${top}`,
      ),
    );
  }
});

functionTest(
  "embed: flatten's value, else the mean of the output",
  async () => {
    using model = await createModel(tiny, null, formulaCheckpoint(tiny));
    const input = model.preprocess(pictures);
    const { flatten, layer2 } = model.extract(input, ["flatten", "layer2"]);
    const wanted = await flatten.data();

    using uptoFlatten = model.truncate("flatten");
    using uptoPool = model.truncate("avgpool");
    using uptoMaps = model.truncate("layer4");
    for (const some of [model, uptoFlatten, uptoPool, uptoMaps]) {
      const vectors = embed(some, pictures);
      assert.deepEqual(vectors.shape, [3, 512]);
      closeTo(await vectors.data(), wanted);
      vectors.dispose();
    }

    using front = model.truncate("layer2");
    const vectors = embed(front, input);
    const [n, h, w, c] = layer2.shape;
    const maps = await layer2.data();
    const means = new Float64Array(n * c);
    maps.forEach((value, i) =>
      means[Math.floor(i / (h * w * c)) * c + i % c] += value / (h * w)
    );
    assert.deepEqual(vectors.shape, [3, 128]);
    closeTo(await vectors.data(), means);

    const one = embed(front, pictures[1]);
    assert.deepEqual(one.shape, [1, 128]);
    closeTo(await one.data(), means.subarray(c, 2 * c));
    tf.dispose([input, flatten, layer2, vectors, one]);
  },
);

functionTest("featureMapGrid: a pixel for each value", async () => {
  // Two maps of 2x3, interleaved; the second is the first upside down.
  const values = [0, 5, 1, 4, 2, 3, 3, 2, 4, 1, 5, 0];
  const maps = tf.tensor(values, [2, 3, 2]);
  const batch = tf.reshape(maps, [1, 2, 3, 2]);
  const grid = await featureMapGrid(maps, {
    columns: 2,
    gap: 0,
    cell: 3,
    colorMap: "gray",
  });
  assert.deepEqual([grid.width, grid.height], [6, 2]);
  const level = (value: number) => Math.min(255, Math.floor(value / 5 * 256));
  const rows = [0, 1, 2, 5, 4, 3, 3, 4, 5, 2, 1, 0];
  assert.deepEqual(
    [...grid.data],
    rows.flatMap((value) => Array(3).fill(level(value))),
  );

  const [least, greatest] = [[68, 1, 84], [253, 231, 37]]; // viridis's ends
  const colored = await featureMapGrid(batch, { maps: 1, cell: 3 });
  assert.deepEqual([colored.width, colored.height], [3, 2]);
  assert.deepEqual([...colored.data.subarray(0, 3)], least);
  assert.deepEqual([...colored.data.subarray(-3)], greatest);
  assert(!maps.isDisposed);
  tf.dispose([maps, batch]);
});

functionTest("bad input to featureMapGrid", async () => {
  for (
    const [tensor, what] of [
      [tf.zeros([2, 3, 4, 5]), "float32 [2, 3, 4, 5]"],
      [tf.zeros([1, 512]), "float32 [1, 512]"],
      [tf.zeros([3, 4, 5], "int32"), "int32 [3, 4, 5]"],
    ] as const
  ) {
    await assert.rejects(featureMapGrid(tensor), {
      name: "TypeError",
      message: `maps: expected float32 [H, W, C] or [1, H, W, C], got ${what}`,
    });
    tensor.dispose();
  }
  const maps = tf.zeros([2, 2, 3]);
  await assert.rejects(featureMapGrid(maps, { maps: 4 }), {
    name: "RangeError",
    message: "maps: expected an integer from 1 to 3, got 4",
  });
  maps.dispose();
});
