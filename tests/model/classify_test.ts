/** `classify`. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  type Checkpoint,
  classify,
  createModel,
  decodeImage,
} from "../../mod.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { tensorTest } from "../support/leaks.ts";

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

tensorTest("classify: softmax, the surest first", async () => {
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

tensorTest("classify: one picture, several, a batch", async () => {
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

tensorTest("classify: ImageNet's names for 1000 classes", async () => {
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

tensorTest("bad input to classify", async () => {
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
