/** extractFiles, with pictures that can't be read among others. */

import assert from "node:assert/strict";
import { jpegBomb } from "../../scripts/attack/pictures.ts";
import * as tf from "@tensorflow/tfjs-core";
import { startInputLoader } from "../../src/extract/input_loader.ts";
import {
  createModel,
  decodeImage,
  encodePng,
  imagenetPreset,
  type ResNet,
  toNCHW,
} from "../../mod.ts";
import {
  extractFiles,
  type ExtractFilesOptions,
  type FileFeatures,
} from "../../src/extract/mod.ts";
import { encodeNpy } from "../../src/formats/npy.ts";
import { inFolder, pictures, tiny } from "./support.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const model = await createModel(tiny, null, formulaCheckpoint(tiny));

const extract = (
  files: readonly string[],
  names: readonly string[],
  options?: ExtractFilesOptions,
): Promise<FileFeatures[]> =>
  Array.fromAsync(extractFiles(model, files, names, options));

/** A node of one picture, NCHW, computed alone. */
async function reference(file: string, name: string) {
  const input = model.preprocess(await decodeImage(file));
  const value = model.extract(input, [name])[name];
  const nchw = toNCHW(value);
  const data = await nchw.data<"float32">();
  const [, ...shape] = nchw.shape;
  tf.dispose([input, value, nchw]);
  return { data, shape };
}

Deno.test("extractFiles: a batch gives each picture the values it has alone", async () => {
  const names = ["layer1", "layer4", "avgpool", "flatten"];
  const files = [...pictures, ...pictures.toReversed(), pictures[1]]; // 8 and 1
  const before = tf.memory().numTensors;
  const features = await extract(files, names);
  assert.equal(tf.memory().numTensors, before, "tensors left behind");
  assert.deepEqual(features.map(({ path }) => path), files);
  for (const { path, values } of features) {
    assert.deepEqual(Object.keys(values!), names);
    for (const name of names) {
      const { data, shape } = await reference(path, name);
      assert.deepEqual(values![name].shape, shape);
      closeTo(values![name].data, data);
    }
  }
});

Deno.test("extractFiles: layout, pool, normalize", async () => {
  const [file] = pictures;
  const { data } = await reference(file, "layer2");
  const maps = Array.from(
    { length: 128 },
    (_, c) => data.slice(c * 784, (c + 1) * 784),
  );
  const mean = maps.map((map) => map.reduce((a, b) => a + b) / 784);
  const largest = maps.map((map) => Math.max(...map));
  const norm = Math.hypot(...mean);
  const get = async (options: ExtractFilesOptions) =>
    (await extract([file], ["layer2"], options))[0].values!.layer2;

  const nhwc = await get({ layout: "nhwc" });
  assert.deepEqual(nhwc.shape, [28, 28, 128]);
  closeTo(nhwc.data.filter((_, i) => i % 128 === 5), maps[5]);
  const pooled = await get({ pool: "avg" });
  assert.deepEqual(pooled.shape, [128]);
  closeTo(pooled.data, mean);
  closeTo((await get({ pool: "max" })).data, largest);
  const unit = await get({ pool: "avg", normalize: true });
  closeTo(unit.data, mean.map((m) => m / norm));
  assert(Math.abs(Math.hypot(...unit.data) - 1) < 1e-6);

  const [{ values }] = await extract([file], ["avgpool", "flatten"], {
    pool: "max",
    normalize: true,
  });
  assert.deepEqual(values!.avgpool.shape, [512]);
  assert.deepEqual(values!.avgpool.data, values!.flatten.data);
});

Deno.test("extractFiles: a picture that can't be read keeps its place and takes none in a batch", async () => {
  await inFolder(async (folder) => {
    const damaged = `${folder}/damaged.png`;
    const bytes = await Deno.readFile(pictures[0]);
    await Deno.writeFile(damaged, bytes.subarray(0, 999));
    const seven = Array.from({ length: 7 }, (_, i) => pictures[i % 4]);
    const files = [
      ...["no.png", damaged],
      ...seven,
      ...[
        "deno.json",
        pictures[3],
        pictures[2],
        "no.npy",
        pictures[1],
        "no.png",
      ],
    ];
    const batches: number[] = [];
    const handle = model.registerForwardHook("conv1", (_module, [input]) => {
      batches.push(input.shape[0]);
    });
    const features = await extract(files, ["layer1"]);
    handle.remove();
    assert.deepEqual(batches, [8, 2]);
    assert.deepEqual(features.map(({ path }) => path), files);
    const errors = features.flatMap(({ error }) => error?.message ?? []);
    assert.equal(errors.length, 5);
    assert.equal(errors[0], 'cannot open "no.png": there is no such file');
    assert.match(errors[1], /^cannot decode ".*damaged\.png" as PNG: /);
    assert.match(
      errors[2],
      /^cannot decode "deno\.json": it has an unknown format/,
    );
    assert.equal(errors[3], 'cannot open "no.npy": there is no such file');
    assert.equal(errors[4], errors[0]);
    for (const { path, values, error } of features) {
      assert.equal(values === undefined, error !== undefined);
      if (!values) continue;
      closeTo(values.layer1.data, (await reference(path, "layer1")).data);
    }
  });
});

Deno.test("extractFiles: pictures and batches of several sizes", async () => {
  await inFolder(async (folder) => {
    const batch = `${folder}/batch.npy`;
    const data = uniform("batch", 10 * 3 * 40 * 56);
    await Deno.writeFile(batch, encodeNpy(data, [10, 3, 40, 56]));
    const [first, ...rest] = await extract(
      [pictures[0], batch, pictures[1]],
      ["layer1"],
    );
    assert.deepEqual(first.values!.layer1.shape, [64, 56, 56]);
    assert.deepEqual(rest.map(({ path }) => path), [
      ...Array.from({ length: 10 }, (_, i) => `${batch}[${i}]`),
      pictures[1],
    ]);
    assert.deepEqual(rest[9].values!.layer1.shape, [64, 10, 14]);
    const last = data.slice(-3 * 40 * 56);
    await Deno.writeFile(batch, encodeNpy(last, [1, 3, 40, 56]));
    const [alone] = await extract([batch], ["layer1"]);
    closeTo(rest[9].values!.layer1.data, alone.values!.layer1.data);
  });
});

Deno.test("extractFiles stops reading and ends its threads when the caller stops", async () => {
  let asked = 0;
  function* endless() {
    for (;; asked++) yield pictures[asked % 4];
  }
  for await (const { values } of extractFiles(model, endless(), ["conv1"])) {
    assert(values);
    break;
  }
  assert(asked < 40, `${asked} files were asked for`);
});

Deno.test("extractFiles: errors", async () => {
  using cut: ResNet = model.truncate("layer1");
  const cases: [() => AsyncIterable<unknown>, string | RegExp][] = [
    [
      () => extractFiles(model, pictures, []),
      "names: expected at least one node, got []",
    ],
    [
      () => extractFiles(cut, pictures, ["layer2"]),
      /^"layer2" comes after this model's last layer/,
    ],
    [
      () =>
        extractFiles(model, pictures, ["layer1"], { layout: "chwn" as "nchw" }),
      'layout: expected "nchw" or "nhwc", got "chwn"',
    ],
    [
      () => extractFiles(model, pictures, ["layer1"], { pool: "min" as "max" }),
      'pool: expected "none", "avg", "max", "catavgmax" or "gem", got "min"',
    ],
    [
      () =>
        extractFiles(model, pictures, ["flatten", "layer4"], {
          normalize: true,
        }),
      'normalize: expected a vector from "layer4", got [7, 7, 512]; pool it first',
    ],
  ];
  for (const [run, message] of cases) {
    await assert.rejects(Array.fromAsync(run()), {
      name: "RangeError",
      message,
    });
  }
  assert.deepEqual(await extract([], ["layer1"]), []);
});

Deno.test("startInputLoader: threads, or this thread if they can't start", async () => {
  const [file] = pictures;
  const reference = model.preprocess(await decodeImage(file));
  const want = await reference.data();
  reference.dispose();
  await using loader = startInputLoader(imagenetPreset, 2);
  const jobs = Array.from({ length: 5 }, () => loader.load(file));
  for (const { data, shape } of await Promise.all(jobs)) {
    assert.deepEqual(shape, [224, 224, 3]);
    assert.deepEqual(data, want);
  }
  await assert.rejects(loader.load("no.png"), {
    name: "Error",
    message: 'cannot open "no.png": there is no such file',
  });
  await inFolder(async (folder) => {
    const path = `${folder}/1.png`;
    const image = { width: 1, height: 1, data: new Uint8Array([1, 2, 3]) };
    await Deno.writeFile(path, (await encodePng(image)).subarray(0, 45));
    await assert.rejects(loader.load(path), { name: "SyntaxError" });
  });

  // Without permission to read this package's files, a thread can't load them.
  const { code, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-read=examples/images",
      "tests/extract/loader_case.ts",
      file,
    ],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("startInputLoader: a picture that takes too long ends its thread; its others go to another", async () => {
  await using loader = startInputLoader(imagenetPreset, 1, {
    pictureSeconds: 1.5,
    maxPixels: 1e9,
  });
  const [file] = pictures;
  const slow = { path: "slow.jpg", content: jpegBomb(13_000, 63) };
  const jobs = [loader.load(file), loader.load(slow)];
  for (let i = 0; i < 5; i++) {
    jobs.push(loader.load(file), loader.load("no.png"));
  }
  const [first, late, ...others] = await Promise.allSettled(jobs);
  assert(late.status === "rejected");
  assert.equal(
    String(late.reason),
    'RangeError: cannot decode "slow.jpg": it takes more than 1.5 seconds (pictureSeconds)',
  );
  assert(first.status === "fulfilled");
  assert.equal(others.length, 10);
  for (const [i, other] of others.entries()) {
    if (other.status === "fulfilled") {
      assert(i % 2 === 0);
      assert.deepEqual(other.value, first.value);
    } else assert.match(`${i % 2} ${other.reason}`, /^1 .* no such file/);
  }
  assert.throws(
    () => startInputLoader(imagenetPreset, 1, { pictureSeconds: 0 }),
    /^RangeError: pictureSeconds: expected a number above 0 and up to 1000000, got 0/,
  );
});

Deno.test("extractFiles: draft reads a JPEG at half its size, as decodeImage does", async () => {
  const file = "tests/data/image/jpeg/photo.jpg"; // 780x520
  const [{ values }] = await extract([file], ["avgpool"], { draft: true });
  const half = await decodeImage(file, { draft: [256, 256] });
  assert.deepEqual([half.width, half.height], [390, 260]);
  const input = model.preprocess(half);
  const expected = model.extract(input, ["avgpool"]).avgpool;
  closeTo(values!.avgpool.data, await expected.data<"float32">());
  tf.dispose([input, expected]);

  const [whole] = await extract([file], ["avgpool"]);
  assert.notDeepEqual(whole.values, values);
  const [png, same] = await Promise.all([
    extract([pictures[0]], ["avgpool"], { draft: true }),
    extract([pictures[0]], ["avgpool"]),
  ]);
  assert.deepEqual(png, same);
});
