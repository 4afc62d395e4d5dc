// stock: no, it tests the command line, not the kernels
/** `layertap fit` and `classify --head`: five classes, five pictures each. */

import assert from "node:assert/strict";
import { loadHead, NearestMean } from "../../src/fit/mod.ts";
import { chelsea, cliTest, fail, run, succeed } from "./support.ts";

const pictures = "tests/data/fit/pictures";
const layer = ["--layer", "layer2"];

interface Answer {
  image: string;
  classes?: { label: string; score?: number; distance?: number }[];
  error?: string;
}

/** The answers for pictures. */
async function answers(head: string, ...args: string[]): Promise<Answer[]> {
  const line = ["classify", ...args, "--head", head, "--json"];
  return JSON.parse(await succeed(...line));
}

const classOf = ({ image }: Answer) => image.split("/").at(-2);

cliTest("fit: heads of every kind name new pictures", async (folder) => {
  const kinds = [
    ["mean.npz", "--kind", "mean", "--metric", "cosine"],
    ["nearest.json", "--kind", "nearest", "--k", "3"],
    ["softmax.npz", "--kind", "softmax", "--pool", "gem"],
  ];
  for (const [file, ...options] of kinds) {
    const head = `${folder}/${file}`;
    const line = ["fit", `${pictures}/train`, ...layer, ...options];
    const said = await succeed(...line, "--out", head);
    assert.equal(said, `${head}: 25 pictures, 5 classes\n`);
    const all = await answers(head, `${pictures}/test`);
    assert.equal(all.length, 25);
    const right = all.filter((one) => one.classes![0].label === classOf(one));
    assert(right.length >= 24, `${file}: ${right.length} of 25`);
    assert.equal(all[0].classes!.length, 5);
  }
  const text = await succeed(
    ...["classify", `${pictures}/test/space/1.jpg`, "--top", "2"],
    ...["--head", `${folder}/mean.npz`],
  );
  assert.match(text, /1\.jpg\n +0\.\d+ {2}space\n +0\.\d+ {2}\w+\n$/);
});

cliTest("fit: going on with a head is the same as at once", async (folder) => {
  const file = (name: string) => `${folder}/${name}`;
  const parts = ["brick", "space"].map((name) => `${folder}/${name}`);
  for (const part of parts) {
    const name = part.split("/").at(-1)!;
    await Deno.mkdir(`${part}/${name}`, { recursive: true });
    for (const i of [0, 1]) {
      const path = `${name}/${i}.jpg`;
      await Deno.copyFile(`${pictures}/train/${path}`, `${part}/${path}`);
    }
  }
  const [a, b] = parts;
  await succeed("fit", a, b, ...layer, "--out", file("all.npz"));
  await succeed("fit", a, ...layer, "--out", file("a.npz"));
  await succeed("fit", b, "--in", file("a.npz"), "--out", file("both.npz"));
  const [all, both] = await Promise.all(
    ["all.npz", "both.npz"].map((name) => NearestMean.load(file(name))),
  );
  assert.deepEqual(both.labels, ["brick", "space"]);
  assert.equal(both.about.layer, "layer2");
  assert.deepEqual(await both.encode(), await all.encode());
  // One that can't be read doesn't stop the others.
  await Deno.writeTextFile(`${a}/brick/bad.jpg`, "no picture");
  await Deno.copyFile(chelsea, `${a}/stray.png`);
  const given = ["fit", a, ...layer, "--out", file("rest.json")];
  const { status, stderr } = await run(given);
  assert.equal(status, 1);
  assert.match(stderr, /passed over 1 pictures that are in no class's folder/);
  assert.match(stderr, /1 of 3 pictures failed; the head knows the others\n$/);
  const rest = await loadHead(file("rest.json"));
  assert.deepEqual(rest.labels, ["brick"]);
});

cliTest("fit and classify --head: with a PCA", async (folder) => {
  const [features, pca, head] = ["f.npz", "pca.npz", "head.npz"]
    .map((name) => `${folder}/${name}`);
  const train = `${pictures}/train`;
  const pooled = [...layer, "--pool", "avg"];
  await succeed("extract", train, ...pooled, "--out", features);
  await succeed("pca", features, "--components", "4", "--out", pca);
  await succeed("fit", train, ...pooled, "--pca", pca, "--out", head);
  const query = [`${pictures}/test/brick`, `${pictures}/test/grass`];
  const found = await answers(head, ...query, "--pca", pca);
  assert(found.every((one) => one.classes![0].label === classOf(one)));
  await fail(
    ["classify", chelsea, "--head", head],
    2,
    /was reduced by a PCA; name its file with --pca/,
  );
});

cliTest("fit and classify --head: errors", async (folder) => {
  const head = `${folder}/head.json`;
  const train = `${pictures}/train`;
  await succeed("fit", train, ...layer, "--out", head);
  const bare = `${folder}/bare.json`;
  await new NearestMean().add([1, 2], "a").save(bare);
  const cases: [args: string[], status: number, message: string | RegExp][] = [
    [["fit", train, "--out", "head.csv"], 2, /^--out: expected a name that/],
    [
      ["fit", `${train}/brick`, "--out", head],
      2,
      /^expected a folder with a folder of pictures for each class, such as photos\/cat\/1.jpg; ".*brick" has none/,
    ],
    [["fit", train, "--kind", "forest", "--out", head], 2, /^--kind: expected/],
    [
      ["classify", chelsea, "--head", bare],
      2,
      /bare.json" doesn't say which features it takes; layertap fit does/,
    ],
    [
      ["classify", chelsea, "--head", head, "--arch", "resnet50"],
      2,
      /^--arch: ".*head.json" was made with mlnet_resnet18, not resnet50/,
    ],
    [
      ["classify", chelsea, "--head", chelsea],
      1,
      /^cannot read ".*chelsea.png"/,
    ],
  ];
  for (const [args, status, message] of cases) {
    await fail(args, status, message);
  }
});
