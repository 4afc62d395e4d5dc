/** `layertap extract` and `similar` on the command line. */

import assert from "node:assert/strict";
import { main } from "../../src/cli/mod.ts";
import {
  chelsea,
  cliTest,
  fail,
  images,
  rocket,
  run,
  succeed,
} from "./support.ts";
import { readNpz, readParquet } from "../extract/support.ts";

cliTest(
  "extract: a list on stdin; pictures that can't be read",
  async (folder) => {
    const out = `${folder}/f.parquet`;
    const outcome = { stdout: "", stderr: "" };
    async function* stdin() {
      yield `${rocket}\nno.png\n`;
      await Promise.resolve();
      yield `${chelsea}\ndeno.json\n`;
    }
    const args = ["extract", "-", "--layer", "layer1,conv1", "--pool", "avg"];
    const status = await main([...args, "--dtype", "f16", "--out", out], {
      stdin: stdin(),
      stdout: { write: (text) => outcome.stdout += text },
      stderr: { write: (text) => outcome.stderr += text },
    });
    assert.equal(status, 1);
    assert.equal(outcome.stdout, "");
    assert.equal(
      outcome.stderr,
      'layertap: cannot open "no.png": there is no such file\n' +
        'layertap: cannot decode "deno.json": it has an unknown format; JPEG, PNG and WebP are supported\n' +
        `layertap: 2 of 4 pictures failed; "${out}" has the others\n`,
    );
    const rows = await readParquet(await Deno.readFile(out));
    assert.deepEqual(rows.map(({ path }) => path), [
      rocket,
      "no.png",
      chelsea,
      "deno.json",
    ]);
    assert.deepEqual(
      rows.map(({ layer1 }) => (layer1 as number[] | null)?.length),
      [64, undefined, 64, undefined],
    );
  },
);

cliTest(
  "extract: a folder, a glob, and a bar on a terminal",
  async (folder) => {
    const out = `${folder}/f.npz`;
    const args = [
      "examples/images",
      "examples/images/r*",
      "--layer",
      "avgpool",
    ];
    const { status, stderr } = await run(
      ["extract", ...args, "--normalize", "--resume", "--out", out],
      true,
    );
    assert.equal(status, 0, stderr);
    for (const part of ["0 %", "0/5", "100 %", "5/5", "/s, ", " left"]) {
      assert(stderr.includes(part), `${part} is missing: ${stderr}`);
    }
    const { arrays, paths } = readNpz(await Deno.readFile(out));
    assert.deepEqual(paths, [...images.toSorted(), rocket]);
    const { data, shape } = arrays.get("avgpool")!;
    assert.deepEqual(shape, [5, 512, 1, 1]);
    const last = data.subarray(4 * 512);
    assert.deepEqual(last, data.subarray(3 * 512, 4 * 512));
    assert(Math.abs(Math.hypot(...last) - 1) < 1e-6);
  },
);

cliTest("extract: bad usage", async (folder) => {
  const rest = ["--layer", "layer1", "--out", `${folder}/f.jsonl`];
  const cases: [args: string[], message: string][] = [
    [["--dtype", "f64"], '--dtype: expected "float32" or "float16", got "f64"'],
    [["--pool", "mean"], '--pool: expected "avg", "max" or "none", got "mean"'],
    [
      ["--json-values", "hex"],
      '--json-values: expected "base64" or "plain", got "hex"',
    ],
    [
      ["--out", "f.txt"],
      '--out: cannot write "f.txt": expected a name that ends in one of .npz, .npy, .safetensors, .parquet, .jsonl',
    ],
    [
      ["--layer", "conv1", "--out", "f.npy"],
      '--out: cannot write 2 nodes to "f.npy": a .npy holds one; use .npz',
    ],
  ];
  for (const [args, message] of cases) {
    const given = ["extract", chelsea, ...rest, ...args];
    await fail(given, 2, `${message} (see layertap extract --help)`);
  }
  await fail(
    ["extract", chelsea, ...rest, "--normalize"],
    1,
    'normalize: expected a vector from "layer1", got [56, 56, 64]; pool it first',
  );
  await fail(
    ["extract", folder, ...rest],
    1,
    `no pictures in "${folder}"; their names must end in .jpg, .jpeg, .png or .webp`,
  );
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
});

cliTest(
  "similar: the most similar pictures, from every format",
  async (folder) => {
    const layers: [file: string, layer: string, options: string[]][] = [
      ["a.parquet", "avgpool", []],
      ["b.npz", "layer4", ["--pool", "avg"]],
      ["c.npy", "layer4", ["--pool", "max"]],
      ["d.parquet", "layer4,layer1", ["--pool", "max", "--dtype", "f16"]],
      ["e.parquet", "layer3", ["--layout", "nhwc"]],
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
      }[] = JSON.parse(await succeed(...query, "--top", "3"));
      assert.deepEqual(results.map(({ image }) => image), [rocket, chelsea]);
      for (const { image, similar } of results) {
        const [best, ...others] = similar;
        const name = file === "c.npy"
          ? `${path}[${list.indexOf(image)}]`
          : image;
        assert.equal(best.path, name);
        assert(best.score > 0.9999, `${file}: ${best.score}`);
        assert.equal(others.length, 2);
        assert(others[0].score < 0.95 && others[0].score >= others[1].score);
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
      `--pool: expected "avg" or "max", got "none"${usage}`,
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
      `cannot read features from "${chelsea}": expected a .parquet, .npz or .npy file`,
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
