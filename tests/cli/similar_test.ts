// stock: no, it tests the command line, not the kernels
/** `layertap similar`. */

import assert from "node:assert/strict";
import { createModel } from "../../mod.ts";
import { tiny } from "../extract/support.ts";
import {
  chelsea,
  cliTest,
  fail,
  images,
  rocket,
  run,
  succeed,
} from "./support.ts";

/** What a query prints; a `.npy` can't say which weights it was made with. */
async function printed(file: string, ...query: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(query);
  assert.equal(status, 0, stderr);
  const warning = /^layertap: warning: ".*" doesn't say which weights .*\n$/;
  assert.match(stderr, file.endsWith(".npy") ? warning : /^$/);
  return stdout;
}

cliTest(
  "similar: the most similar pictures, from every format",
  async (folder) => {
    const layers: [file: string, layer: string, options: string[]][] = [
      ["a.parquet", "avgpool", []],
      ["b.npz", "layer2", ["--pool", "avg"]],
      ["c.npy", "layer2", ["--pool", "max"]],
      ["c.safetensors", "layer2", ["--pool", "gem", "--dtype", "f16"]],
      ["d.parquet", "layer2,layer1", ["--pool", "max", "--dtype", "f16"]],
      ["e.parquet", "layer2", ["--layout", "nhwc"]],
    ];
    const list = images.toSorted();
    for (const [file, layer, options] of layers) {
      const path = `${folder}/${file}`;
      const extract = ["extract", "examples/images", "--layer", layer];
      await succeed(...extract, "--out", path, ...options);
      const query = ["similar", rocket, chelsea, "--in", path, "--json"];
      const [first] = layer.split(",");
      if (layer !== first || file === "c.npy") query.push("--layer", first);
      if (file === "c.npy") query.push("--pool", "max");
      const results: {
        image: string;
        similar: { path: string; score: number }[];
      }[] = JSON.parse(await printed(file, ...query, "--top", "3"));
      assert.deepEqual(results.map(({ image }) => image), [rocket, chelsea]);
      for (const { image, similar } of results) {
        const [best, ...others] = similar;
        const name = file.startsWith("c.")
          ? `${path}[${list.indexOf(image)}]`
          : image;
        assert.equal(best.path, name);
        assert(best.score > 0.9999, `${file}: ${best.score}`);
        assert.equal(others.length, 2);
        assert(others[0].score < 0.99 && others[0].score >= others[1].score);
      }
    }
    const text = await succeed(
      ...["similar", rocket, "--in", `${folder}/a.parquet`, "--top", "1"],
    );
    assert.equal(text, `${rocket}\n   1.0000  ${rocket}\n`);
  },
);

cliTest("similar: errors", async (folder) => {
  const path = `${folder}/f.parquet`;
  const npy = `${folder}/f.npy`;
  const extract = ["extract", chelsea, "--pool", "avg", "--layer"];
  await succeed(...extract, "layer1,layer2", "--out", path);
  await succeed(...extract, "layer1", "--out", npy);
  const usage = " (see layertap similar --help)";
  const cases: [args: string[], status: number, message: string][] = [
    [[], 2, `--in is missing${usage}`],
    [
      ["--in", path, "--top", "0"],
      2,
      `--top: expected an integer of at least 1, got 0${usage}`,
    ],
    [
      ["--in", path, "--pool", "none"],
      2,
      `--pool: expected "avg", "max", "catavgmax" or "gem", got "none"${usage}`,
    ],
    [["--in", npy], 2, `--layer is missing${usage}`],
    [
      ["--in", path, "--layer", "layer1", "--arch", "resnet18"],
      2,
      `--arch: "${path}" was made with mlnet_resnet18, not resnet18${usage}`,
    ],
    [
      ["--in", "no.parquet"],
      1,
      'cannot open "no.parquet": there is no such file',
    ],
    [
      ["--in", chelsea],
      1,
      `cannot read features from "${chelsea}": expected a .parquet, .npz, .npy or .safetensors file`,
    ],
    [
      ["--in", path],
      1,
      `"${path}" has several nodes, "layer1", "layer2"; name one`,
    ],
    [
      ["--in", path, "--layer", "layer3"],
      1,
      `"${path}" has no node "layer3"; it has "layer1", "layer2"`,
    ],
    [
      ["--in", npy, "--layer", "layer3"],
      1,
      `cannot compare with "${npy}": its "layer3" has shape [64], the network's has [256]`,
    ],
  ];
  for (const [args, status, message] of cases) {
    await fail(["similar", chelsea, ...args], status, message);
  }
  await fail(
    ["similar", "no.png", "--in", path, "--layer", "layer1"],
    1,
    'cannot open "no.png": there is no such file',
  );
});

cliTest("similar: the network that the file was made with", async (folder) => {
  const path = `${folder}/f.parquet`;
  const weights = `${folder}/tiny.npz`, other = `${folder}/other.npz`;
  using model = await createModel(tiny);
  await model.save(weights);
  using another = await createModel(tiny, null, false, { seed: 1 });
  await another.save(other);

  await succeed(
    ...["extract", chelsea, rocket, "--layer", "avgpool", "--out", path],
    ...["--weights", weights, "--draft"],
  );
  const similar = ["similar", chelsea, "--in", path];
  const want = await succeed(...similar, "--weights", weights);
  assert.match(want, / 1\.0000 {2}.*chelsea/);
  assert.equal(await succeed(...similar), want, "a local file is found again");
  await fail(
    [...similar, "--weights", other],
    1,
    `cannot compare with "${path}": it was made with other weights ("${weights}") of tiny; choose them with --weights`,
  );

  // A rounded copy has the same batch norms.
  const copy = `${folder}/copy.npz`;
  await succeed("convert", weights, copy, "--dtype", "int8");
  const { status, stdout, stderr } = await run([
    ...similar,
    ...["--weights", copy],
  ]);
  assert.equal(status, 0);
  assert.match(stdout, / 0\.99\d\d {2}.*chelsea/);
  assert.equal(
    stderr,
    `layertap: warning: "${path}" was made with the same batch norms but other filters, such as those of a float16 or int8 copy; the scores are approximate\n`,
  );

  await Deno.remove(weights);
  await fail(
    similar,
    2,
    `"${path}" was made with "${weights}"; choose these weights with --weights (see layertap similar --help)`,
  );
});
