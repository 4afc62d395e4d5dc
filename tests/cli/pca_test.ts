// stock: no, it tests the command line, not the kernels
/** `layertap pca`, and what `extract` and `similar` do with its file. */

import assert from "node:assert/strict";
import { readVectors } from "../../src/extract/mod.ts";
import { Pca } from "../../src/fit/mod.ts";
import { chelsea, cliTest, fail, rocket, succeed } from "./support.ts";

const extract = ["extract", "examples/images", "--layer", "layer1", "--pool"];

cliTest("pca: fitted, then applied by extract and similar", async (folder) => {
  const [all, pca, less] = ["all.parquet", "pca.npz", "less.safetensors"]
    .map((name) => `${folder}/${name}`);
  await succeed(...extract, "avg", "--out", all);
  const said = await succeed("pca", all, "--components", "2", "--out", pca);
  assert.match(
    said,
    /: 2 of 64 numbers keep \d\d\.\d % of the variance of 4 pictures\n$/,
  );
  const { shape, about } = await Pca.load(pca);
  assert.deepEqual(shape, [2, 64]);
  assert.equal(about.layer, "layer1");
  assert.equal(about.pool, "avg");
  await succeed(...extract, "avg", "--pca", pca, "--out", less);
  const rows = await Array.fromAsync(readVectors(less));
  assert.equal(rows[0].vector!.length, 2);
  const means = [0, 1].map((k) =>
    rows.reduce((sum, { vector }) => sum + vector![k], 0)
  );
  const sizes = rows.map(({ vector }) => Math.hypot(...vector as Float32Array));
  const largest = Math.max(...sizes);
  for (const mean of means) assert(Math.abs(mean) < 1e-4 * largest);

  // The same scores, whether the file was reduced or is reduced now.
  const scores = async (...given: string[]) => {
    const query = ["similar", chelsea, "--pca", pca, "--json", "--in"];
    const [{ similar }]: { similar: { score: number }[] }[] = JSON.parse(
      await succeed(...query, ...given),
    );
    return similar.map(({ score }) => score);
  };
  const [now, then] = [await scores(all), await scores(less)];
  assert(now[0] > 0.99999 && now[3] < 0, `${now}`);
  now.forEach((score, i) => assert(Math.abs(score - then[i]) < 1e-4));
});

cliTest("pca: errors", async (folder) => {
  const [avg, max, npy, pca, other, reduced] = [
    ...["avg.npz", "max.npz", "maps.npy", "pca.npz", "other.npz", "r.npz"],
  ].map((name) => `${folder}/${name}`);
  await succeed(...extract, "avg", "--out", avg);
  await succeed(...extract, "max", "--out", max);
  await succeed(...extract, "avg", "--out", npy);
  await succeed("pca", avg, "--components", "2", "--out", pca);
  await succeed("pca", avg, "--components", "0.5", "--out", other);
  await succeed(...extract, "avg", "--pca", pca, "--out", reduced);
  const cases: [args: string[], status: number, message: string | RegExp][] = [
    [["pca", avg], 2, /^--out is missing/],
    [
      ["pca", avg, "--components", "1.5", "--out", pca],
      2,
      /^--components: expected an integer of at least 1, or a share such as 0.95, got "1.5"/,
    ],
    [
      ["pca", avg, "--components", "4", "--out", pca],
      1,
      "4 components, but the samples vary in only 3 directions; choose fewer",
    ],
    [
      ["pca", reduced, "--out", other],
      2,
      /was reduced by a PCA already/,
    ],
    [
      [...extract, "max", "--pca", pca, "--out", `${folder}/x.npy`],
      2,
      /^--pca: it was fitted to pooling "avg", not "max" \(see/,
    ],
    [
      ["extract", rocket, "--layer", "layer2", "--pca", pca, "--out", "-"],
      2,
      /^--pca: it was fitted to layer "layer1", not "layer2" \(see/,
    ],
    [
      [...extract, "avg", "--pca", avg, "--out", "-"],
      1,
      `cannot read "${avg}": expected a PCA; \`layertap pca\` writes one`,
    ],
    [
      ["similar", chelsea, "--in", reduced],
      2,
      /r.npz" was reduced by a PCA; name its file with --pca \(see/,
    ],
    [
      ["similar", chelsea, "--in", reduced, "--pca", other],
      2,
      /^--pca: ".*r.npz" was reduced by another PCA \(see/,
    ],
    [
      ["similar", chelsea, "--in", max, "--pca", pca],
      2,
      /^--pca: it was fitted to pooling "avg", not "max" \(see/,
    ],
  ];
  for (const [args, status, message] of cases) {
    await fail(args, status, message);
  }
});
