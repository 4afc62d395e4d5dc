// stock: no, it tests the command line, not the kernels
/** `layertap extract`. Files are written below `out/test`. */

import assert from "node:assert/strict";
import { createModel, decodeImage, toNCHW } from "../../mod.ts";
import { encodeNpy } from "../../src/formats/npy.ts";
import { closeTo, take } from "../support/close.ts";
import { uniform } from "../support/uniform.ts";
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

cliTest("extract: the values of model.extract, stacked", async (folder) => {
  const files = [...images, ...images.toReversed(), rocket]; // A batch of 8, one of 1.
  const names = ["layer1.0.relu_1", "layer3", "avgpool", "flatten"];
  const out = `${folder}/f.npz`;
  const extract = ["extract", ...files, "--out", out];
  await succeed(...extract, "--layer", names.join());
  const nchw = readNpz(await Deno.readFile(out)).arrays;
  await succeed(
    ...extract,
    ...names.flatMap((name) => ["--layer", name]),
    ...["--layout", "nhwc"],
  );
  const nhwc = readNpz(await Deno.readFile(out)).arrays;
  assert.deepEqual([...nchw.keys()], names);
  assert.deepEqual([...nhwc.keys()], names);
  assert.deepEqual(nchw.get("layer3")!.shape, [9, 256, 14, 14]);
  assert.deepEqual(nhwc.get("layer3")!.shape, [9, 14, 14, 256]);
  assert.deepEqual(nchw.get("avgpool")!.shape, [9, 512, 1, 1]);
  assert.deepEqual(nchw.get("flatten")!.shape, [9, 512]);

  using model = await createModel("mlnet_resnet18", null, true);
  for (const image of images) {
    const input = model.preprocess(await decodeImage(image));
    const values = model.extract(input, names);
    input.dispose();
    for (const name of names) {
      const want = take(toNCHW(values[name])), wantNhwc = take(values[name]);
      for (const [i, file] of files.entries()) {
        if (file !== image) continue;
        const [got, gotNhwc] = [nchw, nhwc].map((arrays) =>
          arrays.get(name)!.data
            .subarray(i * want.length, (i + 1) * want.length)
        );
        closeTo(got, want);
        closeTo(gotNhwc, wantNhwc);
      }
    }
  }
});

cliTest(
  "extract: a .npy batch equals the pictures it was made from",
  async (folder) => {
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
    const { shape, data } = readNpz(await Deno.readFile(out)).arrays.get(
      "layer2",
    )!;
    assert.deepEqual(shape, [3, 128, 28, 28]);
    const [cat, fromNpy, fromPicture] = [0, 1, 2].map((i) =>
      data.slice(i * data.length / 3, (i + 1) * data.length / 3)
    );
    assert.deepEqual(fromNpy, fromPicture);
    assert.notDeepEqual(fromNpy, cat);

    const many = `${folder}/many.npy`; // Of another size, and more than run together.
    const values = uniform("many", 10 * 3 * 50 * 70);
    await Deno.writeFile(many, encodeNpy(values, [10, 3, 50, 70]));
    await succeed("extract", many, ...layer);
    const maps = readNpz(await Deno.readFile(out)).arrays.get("layer2")!;
    assert.deepEqual(maps.shape, [10, 128, 7, 9]);
    await Deno.writeFile(
      many,
      encodeNpy(values.slice(9 * 3 * 50 * 70), [1, 3, 50, 70]),
    );
    await succeed("extract", many, ...layer);
    const last = readNpz(await Deno.readFile(out)).arrays.get("layer2")!.data;
    closeTo(maps.data.slice(-last.length), last);

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
  },
);

cliTest("extract: the whole file or nothing", async (folder) => {
  const damaged = `${folder}/damaged.png`;
  await Deno.writeFile(damaged, (await Deno.readFile(chelsea)).slice(0, 999));
  const out = `${folder}/f.npz`;
  await Deno.writeTextFile(out, "old");
  const args = ["extract", damaged, "--layer", "conv1", "--out", out];
  await fail(args, 1, /^cannot decode ".*damaged\.png" as PNG: /);
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

cliTest("a progress bar on a terminal", async (folder) => {
  const out = ["--layer", "conv1", "--out", `${folder}/f.npz`];
  const { status, stdout, stderr } = await run(
    ["extract", ...images, ...images, rocket, ...out],
    true,
  );
  assert.equal(status, 0);
  assert.equal(stdout, `${folder}/f.npz: 9 pictures, conv1\n`);
  for (const percentage of [0, 88, 100]) {
    assert(stderr.includes(`${percentage} %`), stderr);
  }
  const { stderr: failed } = await run(["extract", "no.png", ...out], true);
  assert(
    failed.endsWith('layertap: cannot open "no.png": there is no such file\n'),
  );
});

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
    [
      ["--pool", "mean"],
      '--pool: expected "none", "avg", "max", "catavgmax" or "gem", got "mean"',
    ],
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

cliTest("--draft: every command that reads pictures", async (folder) => {
  const photo = "tests/data/image/jpeg/photo.jpg"; // 780x520, so at half its size.
  const layer = ["--layer", "layer2", "--pool", "avg"];
  const file = `${folder}/f.npz`;
  const written = async (...args: string[]) => {
    const files = [];
    for (const draft of [[], ["--draft"]]) {
      const out = args.at(-1)!;
      await succeed(...args.slice(0, -1), "--out", out, ...draft);
      files.push(await Deno.readFile(out));
    }
    return files;
  };
  for (
    const [whole, draft] of [
      await written("extract", photo, ...layer, `${folder}/a.npy`),
      await written("picture", photo, "--layer", "layer2", `${folder}/a.png`),
      await written("report", photo, `${folder}/a.html`),
    ]
  ) assert.notDeepEqual(draft, whole);
  await succeed("extract", photo, ...layer, "--draft", "--out", file);
  // The file says that it was made so, and whole pictures differ.
  const score = async (...options: string[]) => {
    const args = ["similar", photo, "--in", file, "--json", ...options];
    return JSON.parse(await succeed(...args))[0].similar[0].score;
  };
  assert(await score() > 0.99999);
  assert(await score("--draft") > 0.99999);
  await succeed("extract", photo, ...layer, "--out", file);
  const draft = await score("--draft");
  assert(draft > 0.98 && draft < 0.99997, `${draft}`);
});
