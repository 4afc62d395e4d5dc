// stock: no, it tests the command line, not the kernels
/** `layertap compare`. */

import assert from "node:assert/strict";
import { createModel, decodeImage } from "../../mod.ts";
import { cliTest, fail, run, succeed } from "./support.ts";

const pictures = "tests/data/fit/pictures/test";
const layers = ["--layer", "layer1,layer2"];

interface Answer {
  measure: string;
  pictures: number;
  rows: string[];
  columns: string[];
  values: number[][];
}

const compare = async (...args: string[]): Promise<Answer> =>
  JSON.parse(await succeed("compare", ...args, "--json"));

cliTest("compare: files, by the pictures they share", async (folder) => {
  const [a, b] = [`${folder}/a.parquet`, `${folder}/b.npz`];
  const extract = ["extract", "--pool", "avg", ...layers];
  await succeed(...extract, pictures, "--out", a);
  const some = ["space", "retina", "brick"].map((name) =>
    `${pictures}/${name}`
  );
  await succeed(...extract, ...some, "--out", b);
  const own = await compare(a);
  assert.equal(own.pictures, 25);
  assert.deepEqual(own.rows, ["layer1", "layer2"]);
  const [[one, other], [again]] = own.values;
  assert(Math.abs(one - 1) < 1e-9 && Math.abs(other - again) < 1e-9);
  assert(other > 0.5 && other < 0.99, `${other}`);

  // The networks on the pictures give what their files give.
  const [by] = (await compare("--arch", "mlnet_resnet18", pictures, ...layers))
    .values;
  assert(Math.abs(by[1] - other) < 1e-6);

  const joined = await compare(a, b);
  assert.equal(joined.pictures, 15);
  assert(Math.abs(joined.values[0][0] - 1) < 1e-4);
  const options = ["--measure", "rsa", "--method", "euclidean"];
  const rsa = await compare(a, b, ...options, "--layer", "layer2");
  assert(Math.abs(rsa.values[0][0] - 1) < 1e-3);
});

cliTest("compare: two networks, with a figure", async (folder) => {
  const weights = `${folder}/fresh.npz`;
  const figure = `${folder}/figure.png`;
  using model = await createModel("resnet18", "layer2");
  await model.save(weights);
  await Deno.writeTextFile(`${folder}/bad.jpg`, "no picture");
  const { status, stdout, stderr } = await run([
    ...["compare", `${pictures}/space`, `${folder}/bad.jpg`],
    ...["--arch", "mlnet_resnet18,resnet18"],
    ...["--weights", `,${weights}`],
    ...["--layer", "relu,layer1.1,layer2", "--figure", figure],
  ]);
  assert.equal(status, 1);
  assert.match(stderr, /1 of 6 pictures failed; the others are compared\n$/);
  const [title, head, ...rows] = stdout.trimEnd().split("\n");
  assert.match(
    title,
    /^cka, 5 pictures; rows: mlnet_resnet18, columns: resnet18 /,
  );
  assert.deepEqual(head.trim().split(/ +/), ["relu", "layer1.1", "layer2"]);
  assert.equal(rows.length, 3);
  const { width, height } = await decodeImage(figure);
  assert(width > 200 && height > 200);
});

cliTest("compare: errors", async (folder) => {
  const file = `${folder}/f.npz`;
  const extract = ["extract", "--pool", "avg", ...layers, "--out", file];
  await succeed(...extract, `${pictures}/space`);
  const arch = ["compare", "--arch", "mlnet_resnet18"];
  const cases: [args: string[], status: number, message: string | RegExp][] = [
    [["compare"], 2, /is missing/],
    [
      ["compare", file, file, file],
      2,
      /^expected one or two files of features/,
    ],
    [
      ["compare", file, "--layer", "layer9"],
      1,
      `"${file}" has no node "layer9"; it has "layer1", "layer2"`,
    ],
    [
      ["compare", `${pictures}/space/0.jpg`],
      1,
      /^cannot read features from/,
    ],
    [["compare", "--arch", "resnet1", pictures], 2, /^--arch: /],
    [
      ["compare", "--arch", "a,b,c", pictures],
      2,
      /^--arch: expected one or two/,
    ],
    [
      [...arch, "--weights", "a,b", pictures],
      2,
      /^--weights: expected 1, one for each --arch, got 2/,
    ],
    [
      [...arch, ...layers, `${pictures}/space/0.jpg`],
      1,
      "cka: expected at least 4 pictures, got 1",
    ],
    [["compare", file, "--figure", "x.txt"], 2, /^--figure: expected a name/],
  ];
  for (const [args, status, message] of cases) {
    await fail(args, status, message);
  }
});
