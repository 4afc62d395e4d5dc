// stock: no, it tests the command line, not the kernels
/** `--preset`, and weights from a repository on 127.0.0.1. */

import assert from "node:assert/strict";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { createModel } from "../../src/model/create_model.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { openVectors } from "../../src/extract/read_vectors.ts";
import { readPreset } from "../../src/cli/preset_option.ts";
import { UsageError } from "../../src/cli/command.ts";
import { presetOf, repositories } from "../support/preset_goldens.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { take } from "../support/close.ts";
import { safetensors } from "../weights/safetensors_writer.ts";
import { WeightsServer } from "../weights/server.ts";
import { chelsea, cliTest, fail, inFolder, run } from "./support.ts";

const name = "timm/resnet18d.ra2_in1k";
const repository = repositories.find((r) => r.name === name)!;
const layer = "layer1.0.conv1";
const json = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value));

/** The weights of its front, by formula. */
async function weights() {
  const formula = formulaCheckpoint("resnet18d");
  const front = [...formula.tensors].filter(([name]) =>
    /^(conv1|bn1|layer1\.0)\./.test(name)
  );
  const tensors = new Map<
    string,
    { shape: readonly number[]; data: Float32Array }
  >();
  for (const [name, { shape }] of front) {
    tensors.set(name, { shape, data: await formula.read(name) });
  }
  return safetensors(tensors);
}

/** Without the environment there is no cache. */
const permissions = {
  read: "inherit",
  write: "inherit",
  net: "inherit",
  env: false,
} as const;

/** A test with a hub on 127.0.0.1 in place of Hugging Face's, and without a cache. */
function hubTest(title: string, test: (folder: string) => Promise<void>) {
  const fn = () =>
    inFolder(async (folder) => {
      await using server = new WeightsServer();
      const base = `https://huggingface.co/${name}/resolve/main`;
      server.put(`${base}/config.json`, json(repository.files["config.json"]));
      server.put(`${base}/model.safetensors`, await weights());
      const { fetch } = globalThis;
      globalThis.fetch = (input, init) =>
        String(input).startsWith("https:")
          ? serverFetch(server, fetch, String(input), init)
          : fetch(input, init);
      try {
        await test(folder);
      } finally {
        globalThis.fetch = fetch;
      }
    });
  Deno.test(title, { permissions }, fn);
}

/** Runs a command line that must succeed, with warnings that there is no cache. */
async function succeed(...args: string[]): Promise<void> {
  const { status, stderr } = await run(args);
  assert.equal(status, 0, stderr);
}

/** The server's own `fetch` calls the global one. */
function serverFetch(
  { origin }: WeightsServer,
  fetch: typeof globalThis.fetch,
  url: string,
  init?: RequestInit,
) {
  const { host, pathname } = new URL(url);
  return fetch(`${origin}/${host}${pathname}`, init);
}

hubTest(
  "convert: a repository names network and preset; --preset changes it",
  async (folder) => {
    const cases = [
      [[], presetOf(repository.default!)],
      [["--preset", "test"], presetOf(repository.test!)],
      [["--preset", "crop=200"], {
        ...presetOf(repository.default!),
        cropSize: 200,
      }],
    ] as const;
    for (const [args, want] of cases) {
      const out = `${folder}/weights.npz`;
      await succeed("convert", `hf:${name}`, out, "--layer", layer, ...args);
      const checkpoint = await openCheckpoint(out);
      assert.equal(checkpoint.metadata?.arch, "resnet18d");
      assert.deepEqual(checkpoint.metadata?.preset, want);
      checkpoint.close();
    }
    await fail(
      ["convert", `hf:${name}`, `${folder}/x.npz`, "--arch", "resnet18"],
      1,
      /is resnet18d by its config.json, not resnet18$/,
    );
  },
);

hubTest("extract: features are those of the preset", async (folder) => {
  const preset = {
    resizeSize: 70,
    cropSize: 64,
    interpolation: "bilinear",
  } as const;
  const out = `${folder}/features.npy`;
  await succeed(
    ...["extract", chelsea, "--layer", layer, "--out", out],
    ...["--weights", `hf:${name}`],
    ...["--preset", "resize=70,crop=64,interpolation=bilinear"],
    ...["--layout", "nhwc"],
  );
  using model = await createModel(
    "resnet18d",
    layer,
    formulaCheckpoint("resnet18d"),
    { preset: { ...presetOf(repository.default!), ...preset } },
  );
  const want = take(
    model.forward(model.preprocess(await decodeImage(chelsea))),
  );
  const file = await openVectors(out, layer);
  for await (const { vector } of file.rows()) {
    assert.deepEqual(vector, want);
  }
  file.close();
});

cliTest("--preset: names, files and fields", async (folder) => {
  const file = async (value: unknown) => {
    const path = `${folder}/preset.json`;
    await Deno.writeTextFile(path, JSON.stringify(value));
    return path;
  };
  assert.equal(await readPreset(undefined, undefined), "default");
  assert.equal(await readPreset("test", "resnet50"), "test");
  const v2 = { ...imagenetPreset, resizeSize: 232 };
  assert.deepEqual(await readPreset("IMAGENET1K_V2", undefined), v2);
  assert.deepEqual(
    await readPreset("IMAGENET1K_V1", "resnet50"),
    imagenetPreset,
  );
  assert.deepEqual(await readPreset("IMAGENET1K_V1", "resnext101_64x4d"), v2);
  assert.deepEqual(
    await readPreset("ResNet50_Weights.IMAGENET1K_V2", "resnet18"),
    v2,
  );
  assert.deepEqual(
    await readPreset("resize=300,mean=0.5/0.4/0.3,std=1/1/1", undefined),
    { resizeSize: 300, mean: [0.5, 0.4, 0.3], std: [1, 1, 1] },
  );
  const { files, default: want } = repositories.find(({ name }) =>
    name === "microsoft/resnet-18"
  )!;
  assert.deepEqual(
    await readPreset(await file(files["preprocessor_config.json"]), undefined),
    presetOf(want!),
  );
  assert.deepEqual(
    await readPreset(await file(repository.files["config.json"]), undefined),
    presetOf(repository.default!),
  );
  assert.deepEqual(await readPreset(await file(v2), undefined), v2);

  const wrong = [
    ["tset", /^--preset: expected test, a name .* or resize=256, got "tset"$/],
    ["size=3", /^--preset: expected resize=, crop=, .*, got "size=3"$/],
  ] as const;
  for (const [text, message] of wrong) {
    await assert.rejects(readPreset(text, undefined), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
  await assert.rejects(readPreset(await file({ a: 1 }), undefined), {
    name: "SyntaxError",
  });
  const args = ["extract", chelsea, "--layer", "bn1", "--out", "x.npy"];
  await fail(
    [...args, "--preset", "resize=many"],
    2,
    '--preset: resize: expected an integer of at least 1, got "many" (see layertap extract --help)',
  );
  await fail(
    [...args, "--preset", "std=0/1/1"],
    1,
    "preset.std: expected three positive numbers, got [0, 1, 1]",
  );
});
