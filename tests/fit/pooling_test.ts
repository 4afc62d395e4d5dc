/** pool against timm's and PyTorch's, and in files. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Pooling } from "../../src/arch/pooling.ts";
import { extractFiles } from "../../src/extract/mod.ts";
import { fitPca, pool } from "../../src/fit/mod.ts";
import { createModel, fromNCHW } from "../../mod.ts";
import { closeTo, take } from "../support/close.ts";
import { tensorTest } from "../support/leaks.ts";

const kinds = ["avg", "max", "catavgmax", "gem"] as const;

const golden: {
  shape: [number, number, number, number];
  maps: number[];
  want: Record<Pooling, number[]>;
} = JSON.parse(
  await Deno.readTextFile(new URL("../data/fit/pool.json", import.meta.url)),
);

tensorTest("pool: timm's numbers", async () => {
  await Promise.resolve();
  const nchw = tf.tensor4d(golden.maps, golden.shape);
  const maps = fromNCHW(nchw);
  for (const kind of kinds) {
    const vectors = pool(maps, kind);
    const channels = golden.shape[1] * (kind === "catavgmax" ? 2 : 1);
    assert.deepEqual(vectors.shape, [golden.shape[0], channels]);
    closeTo(take(vectors), golden.want[kind], 1e-6, kind);
  }
  const flat = tf.zeros([2, 3]) as unknown as tf.Tensor4D;
  assert.throws(() => pool(flat, "avg"), {
    name: "TypeError",
    message: "pool: expected [N, H, W, C], got [2, 3]",
  });
  assert.throws(() => pool(maps, "sum" as "avg"), {
    name: "RangeError",
    message: 'kind: expected "avg", "max", "catavgmax" or "gem", got "sum"',
  });
  tf.dispose([nchw, maps, flat]);
});

const files = ["chelsea.png", "coffee.png", "rocket.jpg"]
  .map((name) => `examples/images/${name}`);

tensorTest(
  "extractFiles: every pooling, then a PCA, then the norm",
  async () => {
    using model = await createModel("mlnet_resnet18", "layer2", true);
    const get = async (options: Parameters<typeof extractFiles>[3]) => {
      const rows = extractFiles(model, files, ["layer2"], options);
      return (await Array.fromAsync(rows)).map(({ values }) => values!.layer2);
    };
    const maps = await get({ layout: "nhwc" });
    const [h, w, c] = maps[0].shape as [number, number, number];
    const all = maps.flatMap(({ data }) => [...data]);
    const x = tf.tensor4d(all, [files.length, h, w, c]);
    for (const kind of kinds) {
      const want = pool(x, kind);
      const got = await get({ pool: kind });
      assert.deepEqual(got[0].shape, want.shape.slice(1));
      const values = [...await want.data()];
      closeTo(got.flatMap(({ data }) => [...data]), values, 1e-6, kind);
      want.dispose();
    }
    const vectors = pool(x, "avg");
    const pca = await fitPca(vectors, 2, { whiten: true });
    const reduced = pca.transform(vectors);
    const norms = tf.norm(reduced, 2, 1, true);
    const units = tf.div(reduced, norms);
    const rows = await get({ pool: "avg", pca, normalize: true });
    assert.deepEqual(rows[0].shape, [2]);
    closeTo(rows.flatMap(({ data }) => [...data]), take(units), 1e-4);
    const cases: [Parameters<typeof extractFiles>[3], string, string][] = [
      [
        { pca },
        "TypeError",
        'pca: expected a vector of 128 values from "layer2", got ' +
        "[28, 28, 128]; pool it first",
      ],
      [
        { pca, pool: "catavgmax" },
        "TypeError",
        'pca: expected a vector of 128 values from "layer2", got 256',
      ],
    ];
    for (const [options, name, message] of cases) {
      await assert.rejects(get(options), { name, message });
    }
    const two = extractFiles(model, files, ["layer1", "layer2"], {
      pool: "avg",
      pca,
    });
    await assert.rejects(two.next(), {
      name: "RangeError",
      message: 'pca: expected one node, got ["layer1", "layer2"]',
    });
    tf.dispose([x, vectors, reduced, norms]);
  },
);
