/** What the commands of the command line do. Files are written below `out/test`. */

import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import {
  classify,
  createModel,
  decodeImage,
  embed,
  encodePng,
  summary,
  toNCHW,
} from "../../mod.ts";
import { fitLinear } from "../../src/fit/mod.ts";
import { featureMapGrid } from "../../src/maps/mod.ts";
import { decodeNpy, encodeNpy } from "../../src/formats/npy.ts";
import { imagenetCategories } from "../../src/model/imagenet_categories.ts";
import { writePacked } from "../../src/weights/pack.ts";
import {
  chelsea,
  cliTest,
  fail,
  images,
  rocket,
  run,
  succeed,
} from "./support.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint, uniform } from "../support/formula.ts";

async function readNpz(path: string) {
  const entries = unzipSync(await Deno.readFile(path));
  delete entries["path.npy"]; // Strings.
  return new Map(
    Object.entries(entries).map(([entry, bytes]) => [
      entry.replace(/\.npy$/, ""),
      decodeNpy(bytes as Uint8Array<ArrayBuffer>, entry),
    ]),
  );
}

/** `[N, H, W, C]` as `[N, C, H, W]`, element by element. */
function transposed(data: ArrayLike<number>, shape: number[]): number[] {
  if (shape.length === 2) return Array.from(data);
  const [n, h, w, c] = shape;
  const result: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < c; k++) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          result.push(data[((i * h + y) * w + x) * c + k]);
        }
      }
    }
  }
  return result;
}

/** The first test here that starts the backend: it starts once in a process. */
cliTest("extract: the values of model.extract, stacked", async (folder) => {
  const files = [...images, ...images.toReversed(), rocket]; // A batch of 8, one of 1.
  const names = ["layer1.0.relu_1", "layer3", "avgpool", "flatten"];
  const out = `${folder}/f.npz`;
  const extract = ["extract", ...files, "--out", out];
  await succeed(...extract, "--layer", names.join());
  const nchw = await readNpz(out);
  await succeed(
    ...extract,
    ...names.flatMap((name) => ["--layer", name]),
    ...["--layout", "nhwc"],
  );
  const nhwc = await readNpz(out);
  assert.deepEqual([...nchw.keys()], names);
  assert.deepEqual([...nhwc.keys()], names);
  assert.deepEqual(nchw.get("layer3")!.shape, [9, 256, 14, 14]);
  assert.deepEqual(nhwc.get("layer3")!.shape, [9, 14, 14, 256]);
  assert.deepEqual(nchw.get("avgpool")!.shape, [9, 512, 1, 1]);
  assert.deepEqual(nchw.get("flatten")!.shape, [9, 512]);

  using model = await createModel("mlnet_resnet18", null, true);
  for (const [i, file] of files.entries()) {
    const input = model.preprocess(await decodeImage(file));
    const values = model.extract(input, names);
    input.dispose();
    for (const name of names) {
      const want = await values[name].data();
      const shape = values[name].shape;
      values[name].dispose();
      const [got, gotNhwc] = [nchw, nhwc].map((arrays) => {
        const { dtype, data } = arrays.get(name)!;
        assert.equal(dtype, "float32");
        return (data as Float32Array).subarray(
          i * want.length,
          (i + 1) * want.length,
        );
      });
      closeTo(gotNhwc, want);
      closeTo(got, transposed(want, shape));
    }
  }
});

cliTest("extract: a .npy batch is what a picture becomes", async (folder) => {
  using model = await createModel("mlnet_resnet18", "layer2", true);
  const input = model.preprocess(await decodeImage(rocket));
  const nchw = toNCHW(input);
  const batch = `${folder}/rocket.NPY`;
  await Deno.writeFile(
    batch,
    encodeNpy(new Float32Array(await nchw.data()), nchw.shape),
  );
  const out = `${folder}/f.npz`;
  const layer = ["--layer", "layer2", "--out", out];
  await succeed("extract", chelsea, batch, rocket, ...layer);
  const { shape, data } = (await readNpz(out)).get("layer2")!;
  assert.deepEqual(shape, [3, 128, 28, 28]);
  const [cat, fromNpy, fromPicture] = [0, 1, 2].map((i) =>
    (data as Float32Array).slice(i * data.length / 3, (i + 1) * data.length / 3)
  );
  assert.deepEqual(fromNpy, fromPicture);
  assert.notDeepEqual(fromNpy, cat);

  const many = `${folder}/many.npy`; // Of another size, and more than run together.
  const values = uniform("many", 10 * 3 * 50 * 70);
  await Deno.writeFile(many, encodeNpy(values, [10, 3, 50, 70]));
  await succeed("extract", many, ...layer);
  const maps = (await readNpz(out)).get("layer2")!;
  assert.deepEqual(maps.shape, [10, 128, 7, 9]);
  await Deno.writeFile(
    many,
    encodeNpy(values.slice(9 * 3 * 50 * 70), [1, 3, 50, 70]),
  );
  await succeed("extract", many, ...layer);
  const last = (await readNpz(out)).get("layer2")!.data as Float32Array;
  closeTo((maps.data as Float32Array).slice(-last.length), last);

  await fail(
    ["extract", chelsea, many, ...layer],
    1,
    `cannot stack "layer2" of "${many}[0]": expected [128, 28, 28] as in the pictures before, got [128, 7, 9]`,
  );
  for (
    const [bytes, what] of [
      [
        encodeNpy(new Float64Array(300), [1, 3, 10, 10]),
        "float64 [1, 3, 10, 10]",
      ],
      [
        encodeNpy(new Float32Array(300), [1, 10, 10, 3]),
        "float32 [1, 10, 10, 3]",
      ],
      [encodeNpy(new Float32Array(300), [3, 10, 10]), "float32 [3, 10, 10]"],
      [
        encodeNpy(new Float32Array(0), [0, 3, 10, 10]),
        "float32 [0, 3, 10, 10]",
      ],
    ] as const
  ) {
    await Deno.writeFile(many, bytes);
    await fail(
      ["extract", many, ...layer],
      1,
      `${many}: expected a normalized batch, float32 [N, 3, H, W], got ${what}`,
    );
  }
});

cliTest("extract: all of the file or none", async (folder) => {
  const damaged = `${folder}/damaged.png`;
  await Deno.writeFile(damaged, (await Deno.readFile(chelsea)).slice(0, 999));
  const out = `${folder}/f.npz`;
  await Deno.writeTextFile(out, "old");
  const args = ["extract", damaged, "--layer", "conv1", "--out", out];
  await fail(args, 1, /^cannot decode ".*damaged\.png": /);
  assert.equal(await Deno.readTextFile(out), "old");
  const left = (await Array.fromAsync(Deno.readDir(folder)))
    .map(({ name }) => name);
  assert.deepEqual(left.sort(), ["damaged.png", "f.npz"]);
  await fail(
    ["extract", rocket, "--layer", "conv1", "--out", `${folder}/no/f.npz`],
    1,
    /^cannot create the folder ".*no\/f\.npz\.part": ENOENT/,
  );
});

cliTest("classify: a network with a head", async (folder) => {
  const weights = `${folder}/resnet18.npz`;
  const checkpoint = formulaCheckpoint("resnet18");
  await Deno.writeFile(
    weights,
    await writePacked(checkpoint, { dtype: "int8" }),
  );
  const network = ["--arch", "resnet18", "--weights", weights];
  using model = await createModel("resnet18", null, weights);
  const pictures = await Promise.all(
    [chelsea, rocket].map((file) => decodeImage(file)),
  );
  const want = await classify(model, pictures, { top: 5 });
  assert.notDeepEqual(want[0], want[1]);

  const text = await succeed(
    ...["classify", chelsea, rocket, "--json"],
    ...network,
  );
  const results = JSON.parse(text);
  assert.deepEqual(results, [
    { image: chelsea, classes: want[0] },
    { image: rocket, classes: want[1] },
  ]);
  assert(imagenetCategories.includes(want[0][0].label));

  const labels = `${folder}/labels.txt`;
  const names = imagenetCategories.map((_, i) => `class ${i}`);
  await Deno.writeTextFile(labels, names.join("\r\n") + "\r\n");
  const table = await succeed(
    ...["classify", rocket, "--top", "2", "--labels", labels],
    ...network,
  );
  const line = ({ label, score }: { label: string; score: number }) => {
    const name = names[imagenetCategories.indexOf(label)];
    return `${(100 * score).toFixed(2).padStart(7)} %  ${name}\n`;
  };
  assert.equal(
    table,
    `${rocket}\n${line(want[1][0])}${line(want[1][1])}`,
  );

  await Deno.writeTextFile(labels, "cat\ndog\n");
  await fail(
    ["classify", rocket, "--labels", labels, ...network],
    1,
    "2 labels but 1000 classes; the counts must match",
  );
});

cliTest(
  "classify: a head fitted to the network that ships, out of one file",
  async (folder) => {
    const saved = `${folder}/fitted.npz`;
    using network = await createModel("mlnet_resnet18", "flatten", true);
    const features = embed(
      network,
      await Promise.all(images.map((image) => decodeImage(image))),
    );
    const head = await fitLinear(features, [0, 1, 2, 3], { kind: "ridge" });
    features.dispose();
    using fitted = network.withHead(head);
    await fitted.save(saved, { dtype: "int8" });
    const names = `${folder}/names.txt`;
    await Deno.writeTextFile(names, "cat\nrocket\ncoffee\nastronaut\n");
    const text = await succeed(
      ...["classify", ...images, "--weights", saved, "--labels", names],
      ...["--top", "1", "--json"],
    );
    const labels = JSON.parse(text)
      .map(({ classes }: { classes: { label: string }[] }) => classes[0].label);
    assert.deepEqual(labels, ["cat", "rocket", "coffee", "astronaut"]);
    const cam = ["picture", rocket, "--weights", saved, "--kind", "cam"];
    const said = await succeed(...cam, "--out", `${folder}/cam.png`);
    assert.equal(said, "class 1\n");
  },
);

cliTest("picture: the drawing of featureMapGrid", async (folder) => {
  const out = `${folder}/maps.png`;
  const picture = ["picture", chelsea, "--layer", "layer2", "--out", out];
  await succeed(...picture, "--maps", "10", "--color-map", "magma");
  using model = await createModel("mlnet_resnet18", "layer2", true);
  const input = model.preprocess(await decodeImage(chelsea));
  const maps = model.forward(input);
  const want = await featureMapGrid(maps, { maps: 10, colorMap: "magma" });
  assert.deepEqual(await decodeImage(out), want);
  await succeed(...picture);
  assert.deepEqual(
    await Deno.readFile(out),
    await encodePng(await featureMapGrid(maps)),
  );

  await fail(
    [...picture, "--maps", "129"],
    1,
    "maps: expected an integer from 1 to 128, got 129",
  );
  await fail(
    ["picture", chelsea, "--layer", "flatten", "--out", out],
    1,
    "maps: expected float32 [H, W, C] or [1, H, W, C], got float32 [1, 512]",
  );
});

cliTest("summary: the tables", async () => {
  const { mlnet, resnet50 } = {
    mlnet: summary("mlnet_resnet18", [3, 224, 224]),
    resnet50: summary("resnet50", [3, 96, 160], { style: "torchinfo" }),
  };
  assert.equal(await succeed("summary"), `${mlnet}\n`);
  assert.equal(
    await succeed(
      ...["summary", "--arch", "resnet50", "--input", "3,96,160"],
      ...["--style", "torchinfo"],
    ),
    `${resnet50}\n`,
  );
  const cut = await succeed(
    ...["summary", "--arch", "resnet50", "--layer", "layer4"],
  );
  assert.match(cut, /^Total params: 23,508,032$/m);
  assert.match(cut, /^Params size \(MB\): 89\.68$/m);
});

cliTest("layers: every node with its shape", async () => {
  const lines = (await succeed("layers")).trimEnd().split("\n");
  using model = await createModel("mlnet_resnet18");
  const listed = lines.map((line) => line.split(/ {2,}/));
  assert.deepEqual(listed.map(([name]) => name), [...model.nodes().keys()]);
  const shapes = new Map(listed.map(([name, shape]) => [name, shape]));
  assert.equal(shapes.get("conv1"), "[-1, 64, 112, 112]");
  assert.equal(shapes.get("layer4.2.add"), "[-1, 512, 7, 7]");
  assert.equal(shapes.get("flatten"), "[-1, 512]");
  const columns = new Set(lines.map((line) => line.indexOf("[")));
  assert.equal(columns.size, 1, "the shapes are aligned");

  const args = ["layers", "--arch", "resnet50", "--input", "3,64,96"];
  assert.match(
    await succeed(...args),
    /^layer1\.0\.add +\[-1, 256, 16, 24\]$/m,
  );
});

cliTest("a progress bar on a terminal", async (folder) => {
  const out = ["--layer", "conv1", "--out", `${folder}/f.npz`];
  const { status, stdout, stderr } = await run(
    ["extract", ...images, ...images, rocket, ...out],
    true,
  );
  assert.equal(status, 0);
  assert.equal(stdout, "");
  for (const percentage of [0, 88, 100]) {
    assert(stderr.includes(`${percentage} %`), stderr);
  }
  const { stderr: failed } = await run(["extract", "no.png", ...out], true);
  assert(
    failed.endsWith('layertap: cannot open "no.png": there is no such file\n'),
  );
});
