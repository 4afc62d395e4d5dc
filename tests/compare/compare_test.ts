/** rdm, correlateRdms, cka and compareLayers against NumPy. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  cka,
  compareLayers,
  correlateRdms,
  type Correlation,
  type Dissimilarity,
  type FeatureArray,
  rdm,
} from "../../src/compare/mod.ts";
import { closeTo } from "../support/close.ts";
import { tensorTest } from "../support/leaks.ts";
import { uniform } from "../support/uniform.ts";

interface Golden {
  x: FeatureArray;
  y: FeatureArray;
  rdm: Record<Dissimilarity, [number[], number[]]>;
  correlation: Record<string, number>;
  cka: Record<string, number>;
}

const goldens: Golden[] = JSON.parse(
  await Deno.readTextFile(
    new URL("../data/compare/goldens.json", import.meta.url),
  ),
);

const near = (got: number, want: number, name: string) =>
  assert(Math.abs(got - want) < 1e-9, `${name}: ${got}, wanted ${want}`);

Deno.test("rdm and correlateRdms: NumPy's numbers", async () => {
  for (const { x, y, rdm: want, correlation } of goldens) {
    for (const method of Object.keys(want) as Dissimilarity[]) {
      const [a, b] = [await rdm(x, method), await rdm(y, method)];
      assert.equal(a.size, x.shape[0]);
      closeTo(a.data, want[method][0], 1e-9, method);
      closeTo(b.data, want[method][1], 1e-9, method);
      for (const kind of ["pearson", "spearman"] as const) {
        const name = `${method} ${kind}`;
        near(correlateRdms(a, b, kind), correlation[name], name);
      }
    }
  }
});

Deno.test("cka: NumPy's numbers, with and without bias, in batches", async () => {
  for (const { x, y, cka: want } of goldens) {
    for (const [name, value] of Object.entries(want)) {
      const [unbiased, batch] = name.split(" ");
      const options = {
        unbiased: unbiased === "true",
        ...batch && { batch: Number(batch) },
      };
      near(await cka(x, y, options), value, name);
    }
    near(await cka(x, x), 1, "itself");
  }
});

tensorTest(
  "compareLayers: every pair, from tensors and from numbers",
  async () => {
    const [{ x, y, cka: want, correlation }] = goldens;
    const tensor = tf.tensor2d(
      [...x.data as number[]],
      x.shape as [number, number],
    );
    const layers = { x: tensor, y };
    const table = await compareLayers(layers, { y, x }, { unbiased: false });
    assert.deepEqual(table.rows, ["x", "y"]);
    assert.deepEqual(table.columns, ["y", "x"]);
    [[want.false, 1], [1, want.false]].forEach((row, i) =>
      row.forEach((value, j) => near(table.values[i][j], value, `${i} ${j}`))
    );
    for (const name of ["cosine pearson", "correlation spearman"]) {
      const [method, kind] = name.split(" ");
      const { values: [[got]] } = await compareLayers({ x }, { y }, {
        measure: "rsa",
        method: method as Dissimilarity,
        correlation: kind as Correlation,
      });
      near(got, correlation[name], name);
    }
    tensor.dispose();
  },
);

Deno.test("bad input to comparisons", async () => {
  const x = { data: uniform("x", 15), shape: [5, 3] };
  const flat = { data: new Float32Array(15).fill(2), shape: [5, 3] };
  const four = { data: uniform("x", 12), shape: [4, 3] };
  const two = { data: [1, 2, 3, 5], shape: [2, 2] };
  const cases: [() => unknown, string, string][] = [
    [
      () => cka(x, four),
      "TypeError",
      "5 pictures and 4; compare features of the same pictures",
    ],
    [
      () => cka(x, flat),
      "RangeError",
      "a layer's features don't tell the pictures apart; leave it out",
    ],
    [
      () => cka(two, two),
      "RangeError",
      "cka: expected at least 4 pictures, got 2",
    ],
    [
      () => cka(x, x, { batch: 3 }),
      "RangeError",
      "batch: expected an integer of at least 4, got 3",
    ],
    [
      () => rdm(flat),
      "RangeError",
      "features[0] are all the same and have no correlation; leave the picture " +
      'out, or use "euclidean"',
    ],
    [
      () => rdm({ data: [1, 0, 0, 0], shape: [2, 2] }, "cosine"),
      "RangeError",
      "features[1] are all zero and have no cosine; leave the picture out, or " +
      'use "euclidean"',
    ],
    [
      () => rdm(x, "l1" as "cosine"),
      "RangeError",
      'method: expected "correlation", "cosine" or "euclidean", got "l1"',
    ],
    [
      () => rdm({ data: [1, NaN], shape: [2, 1] }),
      "TypeError",
      "features[1]: expected finite numbers, got NaN",
    ],
    [
      () => rdm({ data: [1, 2, 3], shape: [2, 2] }),
      "TypeError",
      "features: expected a tensor [N, C], or { data, shape: [N, C] }, got [2, 2]",
    ],
    [
      async () => correlateRdms(await rdm(x), await rdm(four)),
      "TypeError",
      "5 pictures and 4; correlate matrices of the same pictures",
    ],
    [
      async () => correlateRdms(await rdm(x), await rdm(flat, "euclidean")),
      "RangeError",
      "all dissimilarities are the same and have no correlation",
    ],
    [
      () => compareLayers({}, { x }),
      "RangeError",
      "compareLayers: expected layers, got an object",
    ],
  ];
  for (const [act, name, message] of cases) {
    await assert.rejects(async () => await act(), { name, message });
  }
});
