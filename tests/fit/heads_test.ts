/** NearestMean and KNearest against scikit-learn 1.7.2, and heads in files. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  fitLinear,
  type Head,
  KNearest,
  LinearFit,
  loadHead,
  type Metric,
  NearestMean,
} from "../../src/fit/mod.ts";
import { closeTo } from "../support/close.ts";
import { tensorTest } from "../support/leaks.ts";
import { uniform } from "../support/uniform.ts";

interface Golden {
  metric: Metric;
  k: number;
  shape: [number, number];
  features: number[];
  labels: string[];
  queries: number[];
  classes: string[];
  predicted: string[];
  scores: number[];
  centroids: number[];
}

async function goldens(name: string): Promise<Golden[]> {
  const url = new URL(`../data/fit/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

/** The rows of a list. */
function rowsOf(list: number[], size: number): number[][] {
  return Array.from(
    { length: list.length / size },
    (_, i) => list.slice(i * size, (i + 1) * size),
  );
}

Deno.test("KNearest: scikit-learn's answers and shares, ties included", async () => {
  let ties = 0;
  for (const golden of await goldens("neighbors")) {
    const { metric, k, shape: [, size], labels, classes, predicted } = golden;
    const head = new KNearest({ k, metric });
    rowsOf(golden.features, size).forEach((x, i) => head.add(x, labels[i]));
    assert.deepEqual(head.labels, classes);
    for (const [i, query] of rowsOf(golden.queries, size).entries()) {
      assert.equal(head.predict(query), predicted[i], `${metric} ${k} ${i}`);
      const ranks = head.rank(query);
      const want = golden.scores.slice(i * classes.length);
      for (const { label, score } of ranks) {
        assert(Math.abs(score - want[classes.indexOf(label)]) < 1e-9);
      }
      if (ranks[0].score === ranks[1].score) ties++;
    }
  }
  assert(ties > 20, `only ${ties} ties`);
});

Deno.test("NearestMean: scikit-learn's centroids and answers", async () => {
  for (const golden of await goldens("means")) {
    const { metric, shape: [, size], labels, classes, predicted } = golden;
    const head = new NearestMean({ metric });
    rowsOf(golden.features, size).forEach((x, i) => head.add(x, labels[i]));
    assert.deepEqual(head.labels, classes);
    const means = classes.flatMap((label) => [...head.mean(label)]);
    closeTo(means, golden.centroids, 1e-8);
    const got = rowsOf(golden.queries, size).map((x) => head.predict(x));
    assert.deepEqual(got, predicted);
  }
  // Of classes at the same distance, the first by name.
  const head = new NearestMean().add([1, 0], "b").add([-1, 0], "a");
  assert.deepEqual(head.rank([0, 0]).map(({ label }) => label), ["a", "b"]);
});

const vectors = Array.from({ length: 30 }, (_, i) => uniform(`head ${i}`, 20));
const labelOf = (i: number) => ["cat", "dog", "𝒳"][i % 3];

for (const format of ["npz", "json"] as const) {
  for (const make of [() => new NearestMean(), () => new KNearest({ k: 3 })]) {
    const { name } = make().constructor;
    Deno.test(`${name}, ${format}: add, save, load, add equals add, add`, async () => {
      const add = (head: NearestMean | KNearest, from: number, to: number) => {
        for (let i = from; i < to; i++) head.add(vectors[i], labelOf(i));
      };
      const whole = make();
      add(whole, 0, 30);
      const half = make();
      add(half, 0, 17);
      const bytes = await half.encode(format, { layer: "flatten" });
      const loaded = await loadHead(bytes) as NearestMean | KNearest;
      assert.deepEqual(loaded.about, { layer: "flatten" });
      assert.deepEqual(await loaded.encode(format), bytes);
      add(loaded, 17, 30);
      assert.equal(loaded.count, 30);
      assert.deepEqual(
        await loaded.encode(format, {}),
        await whole.encode(format),
      );
      for (const vector of vectors) {
        assert.deepEqual(loaded.rank(vector), whole.rank(vector));
      }
    });
  }
}

Deno.test("a picture that is taken out leaves no trace", () => {
  for (const make of [() => new NearestMean(), () => new KNearest({ k: 3 })]) {
    const plain = make(), head = make();
    for (let i = 0; i < 30; i++) {
      head.add(vectors[i], labelOf(i));
      if (i % 4 > 0) plain.add(vectors[i], labelOf(i));
    }
    head.add(vectors[0], "fish");
    for (let i = 0; i < 30; i += 4) head.remove(vectors[i], labelOf(i));
    head.remove(vectors[0], "fish");
    assert.deepEqual(head.labels, ["cat", "dog", "𝒳"]);
    assert.equal(head.count, plain.count);
    for (const vector of vectors) {
      const [got, want] = [head.rank(vector), plain.rank(vector)];
      assert.deepEqual(
        got.map(({ label }) => label),
        want.map(({ label }) => label),
      );
      const number = (one: typeof got[0]) =>
        "score" in one ? one.score : one.distance;
      got.forEach((one, i) =>
        assert(Math.abs(number(one) - number(want[i])) < 1e-12)
      );
    }
    for (let i = 0; i < 30; i++) {
      if (i % 4 > 0) head.remove(vectors[i], labelOf(i));
    }
    assert.equal(head.count, 0);
    head.add([1, 2], "another size");
  }
});

tensorTest(
  "a linear head is saved, loaded, and ranks as it predicts",
  async () => {
    const x = tf.tensor2d(vectors.map((v) => [...v]));
    const labels = ["cat", "dog", "𝒳"];
    const fit = await fitLinear(x, vectors.map((_, i) => i % 3), { labels });
    for (const format of ["npz", "json"] as const) {
      const loaded = await loadHead(await fit.encode(format));
      assert(loaded instanceof LinearFit);
      assert.deepEqual(loaded, fit);
    }
    const softmax = tf.tidy(() => tf.softmax(fit.predict(x)));
    const want = await softmax.array() as number[][];
    for (const [i, vector] of vectors.entries()) {
      for (const { label, score } of fit.rank(vector)) {
        assert(Math.abs(score - want[i][labels.indexOf(label)]) < 1e-5);
      }
    }
    await assert.rejects(
      fitLinear(x, vectors.map((_, i) => i % 3), { labels: ["cat"] }),
      {
        name: "RangeError",
        message: "1 labels but 3 classes; the counts must match",
      },
    );
    tf.dispose([x, softmax]);
  },
);

Deno.test("bad input to heads", () => {
  const heads = [new NearestMean(), new KNearest()];
  for (const head of heads) {
    assert.throws(() => head.rank([1, 2]), {
      name: "RangeError",
      message: "there are no pictures yet; add some",
    });
    head.add([1, 2], "a");
    const cases: [() => unknown, string, string][] = [
      [
        () => head.add([1], "a"),
        "TypeError",
        "features: expected 2 numbers, got 1",
      ],
      [
        () => head.rank([1, NaN]),
        "TypeError",
        "features[1]: expected a finite number, got NaN",
      ],
      [
        () => head.add(Promise.resolve() as unknown as number[], "a"),
        "TypeError",
        "features: expected 2 numbers, got a Promise; did you forget to await " +
        "it?; await features.data() gives them",
      ],
      [
        () => head.add([1, 2], 3 as unknown as string),
        "TypeError",
        "label: expected the name of a class, got 3",
      ],
    ];
    for (const [act, name, message] of cases) {
      assert.throws(act, { name, message });
    }
    assert.throws(() => head.remove([1, 2], "b"), { name: "RangeError" });
    assert.equal(head.count, 1);
  }
  assert.throws(() => new KNearest({ k: 0 }), { name: "RangeError" });
  assert.throws(() => new NearestMean({ metric: "l1" as Metric }), {
    name: "RangeError",
    message: 'metric: expected "euclidean" or "cosine", got "l1"',
  });
});

Deno.test("files that aren't heads are refused", async () => {
  const head = new KNearest().add([1, 2], "a").add([3, 4], "b");
  const text = new TextDecoder().decode(await head.encode("json"));
  const changed: [from: string, to: string, message: string][] = [
    [
      '"nearest"',
      '"forest"',
      'kind: expected "linear", "mean" or "nearest", got "forest"; layertap ' +
      "fit writes heads",
    ],
    ['["a","b"]', "[1,2]", "expected a head with the names of its classes"],
    ["[3,4]", "[3]", '"features" doesn\'t hold rows of numbers'],
    ["[3,4]", '[3,"4"]', '"features" doesn\'t hold rows of numbers'],
    ["[0,1]", "[0]", "classes: expected finite numbers [2], got [1]"],
    ["[0,1]", "[0,2]", "classes: expected an integer from 0 to 1, got 2"],
    ['"k":5', '"k":"5"', 'k: expected an integer of at least 1, got "5"'],
    [
      "euclidean",
      "l1",
      'metric: expected "euclidean" or "cosine", got "l1"',
    ],
  ];
  const load = (text: string): Promise<Head> =>
    loadHead(new TextEncoder().encode(text));
  assert((await load(text)) instanceof KNearest);
  for (const [from, to, message] of changed) {
    assert(text.includes(from), from);
    await assert.rejects(load(text.replace(from, to)), {
      name: "SyntaxError",
      message: `cannot read "bytes": ${message}`,
    });
  }
  await assert.rejects(load("PK"), { name: "SyntaxError" });
  await assert.rejects(load(""), { name: "SyntaxError" });
  await assert.rejects(NearestMean.load(await head.encode()), {
    name: "SyntaxError",
    message: 'cannot read "bytes": kind: expected "mean", got "nearest"',
  });
  await assert.rejects(head.save("head.csv"), {
    name: "RangeError",
    message: 'path: expected a name that ends in .npz or .json, got "head.csv"',
  });
});
