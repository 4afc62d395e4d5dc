/** fitLinear against NumPy, and its errors. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel } from "../../mod.ts";
import { fitLinear } from "../../src/fit/mod.ts";
import { closeTo } from "../support/close.ts";
import { tensorTest } from "../support/leaks.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

interface Golden {
  shape: [number, number];
  classes: number;
  l2: number;
  features: number[];
  labels: number[];
  ridge: { weight: number[]; bias: number[] };
  softmax: { weight: number[]; bias: number[] };
}

const goldens: Golden[] = JSON.parse(
  await Deno.readTextFile(
    new URL("../data/linear/goldens.json", import.meta.url),
  ),
);

for (const kind of ["ridge", "softmax"] as const) {
  tensorTest(`fitLinear, ${kind}: the weights of NumPy's`, async () => {
    const tolerance = kind === "ridge" ? 1e-6 : 2e-4;
    for (const { shape, classes, l2, features, labels, ...want } of goldens) {
      const x = tf.tensor2d(features, shape);
      const fit = await fitLinear(x, labels, { kind, l2 });
      assert.equal(fit.bias.length, classes);
      closeTo(fit.weight, want[kind].weight, tolerance);
      closeTo(fit.bias, want[kind].bias, tolerance);

      const targets = tf.tidy(() =>
        tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32")
      ) as tf.Tensor2D;
      assert.deepEqual(await fitLinear(x, targets, { kind, l2 }), fit);

      const scores = fit.predict(x);
      assert.deepEqual(scores.shape, [shape[0], classes]);
      const best = tf.argMax(scores, 1);
      const right = (await best.data()).filter((k, i) => k === labels[i]);
      assert(right.length > 0.8 * labels.length, `${right.length} are right`);
      tf.dispose([x, targets, scores, best]);
    }
  });
}

tensorTest("fitLinear: a line is found, and the bias is free", async () => {
  const x = tf.tensor2d([0, 1, 2, 3], [4, 1]);
  const y = tf.tensor2d([[100, 1], [102, 0], [104, -1], [106, -2]]);
  const line = await fitLinear(x, y, { kind: "ridge", l2: 0 });
  closeTo(line.weight, [2, -1], 1e-6);
  closeTo(line.bias, [100, 1], 1e-6);
  const flat = await fitLinear(x, y, { kind: "ridge", l2: 1e9 });
  closeTo(flat.bias, [103, -0.5], 1e-6);
  tf.dispose([x, y]);
});

tensorTest("fitLinear: classes without a sample", async () => {
  const x = tf.tensor2d([1, 2, 3, 4], [4, 1]);
  const { weight, bias } = await fitLinear(x, [0, 0, 1, 1], { classes: 4 });
  assert.deepEqual([weight.length, bias.length], [4, 4]);
  assert(bias[3] < Math.min(bias[0], bias[1]));
  x.dispose();
});

tensorTest("a fit is a head for the model", async () => {
  using model = await createModel(
    "resnet18",
    "flatten",
    formulaCheckpoint("resnet18"),
  );
  const input = tf.tensor4d(uniform("input", 4 * 64 * 64 * 3), [4, 64, 64, 3]);
  const features = model.forward(input) as tf.Tensor2D;
  const fit = await fitLinear(features, [2, 1, 0, 1]);
  using classifier = model.withHead(fit);
  const logits = classifier.forward(input) as tf.Tensor2D;
  const scores = fit.predict(features);
  const best = tf.argMax(logits, 1);
  assert.deepEqual([...await best.data()], [2, 1, 0, 1]);
  closeTo(await logits.data<"float32">(), [...await scores.data()], 1e-5);
  tf.dispose([input, features, logits, scores, best]);
});

tensorTest("bad input to fitLinear", async () => {
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  const bad = tf.tensor2d([1, 2, 3, NaN, 5, 6], [3, 2]);
  const maps = tf.zeros([3, 1, 1, 2]);
  const same = tf.ones([3, 2]) as tf.Tensor2D;
  const cases: [Promise<unknown>, string, string][] = [
    [
      fitLinear(x, [0, 1]),
      "TypeError",
      "3 feature rows but 2 labels; the counts must match",
    ],
    [
      fitLinear(x, [0, 1, -1]),
      "RangeError",
      "labels[2]: expected an integer of at least 0, got -1",
    ],
    [
      fitLinear(x, [0, 1, 2], { classes: 2 }),
      "RangeError",
      "labels[2]: expected an integer from 0 to 1, got 2",
    ],
    [
      fitLinear(x, ["cat", "dog", "cat"] as unknown as number[]),
      "TypeError",
      'labels[0]: expected the number of its class, from 0, got "cat"; ' +
      "number your classes: labels.map((name) => names.indexOf(name))",
    ],
    [
      fitLinear(x, [[0, 1], [1, 0], [1, 0]] as unknown as number[]),
      "TypeError",
      "labels[0]: expected the number of its class, from 0, got [0, 1]; " +
      "targets go into a tensor: tf.tensor2d(labels)",
    ],
    [
      fitLinear(x, [0, 1, NaN]),
      "RangeError",
      "labels[2]: expected an integer of at least 0, got NaN",
    ],
    [
      fitLinear(x, undefined as unknown as number[]),
      "TypeError",
      "labels: expected a list of class numbers, or a tensor [N, K], got undefined",
    ],
    [
      fitLinear([[1, 2]] as unknown as tf.Tensor2D, [0]),
      "TypeError",
      "features: expected a tensor [N, C], got [[1, 2]]",
    ],
    [
      fitLinear(maps as tf.Tensor2D, [0, 1, 1]),
      "TypeError",
      "features: expected [N, C], got [3, 1, 1, 2]",
    ],
    [
      fitLinear(bad, [0, 1, 1]),
      "TypeError",
      "features[1]: expected finite numbers, got NaN",
    ],
    [
      fitLinear(x, [0, 1, 1], { kind: "lasso" as "ridge" }),
      "RangeError",
      'kind: expected "softmax" or "ridge", got "lasso"',
    ],
    [
      fitLinear(x, [0, 1, 1], { l2: -1 }),
      "RangeError",
      "l2: expected a number of at least 0, got -1",
    ],
    [
      fitLinear(same, [0, 1, 1], { kind: "ridge", l2: 0 }),
      "RangeError",
      "with l2 0 the features don't determine the weights; use a larger l2",
    ],
  ];
  for (const [result, name, message] of cases) {
    await assert.rejects(result, { name, message });
  }
  const fit = await fitLinear(x, [0, 1, 1]);
  const three = tf.zeros([1, 3]) as tf.Tensor2D;
  assert.throws(() => fit.predict(three), {
    name: "TypeError",
    message: "predict: expected [N, 2], got [1, 3]",
  });
  tf.dispose([x, bad, maps, same, three]);
});
