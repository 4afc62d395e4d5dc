// stock: no, it tests files, not the kernels
/** Presets of repositories at Hugging Face and folders cloned from there, beside what timm and transformers do. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { createModel } from "../../src/model/create_model.ts";
import { convertWeights } from "../../src/weights/convert.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { weightsTable } from "../../src/weights/table.ts";
import { presetOf, repositories } from "../support/preset_goldens.ts";
import { temporaryFolder } from "./fetch_support.ts";
import { safetensors } from "./safetensors_writer.ts";
import {
  filesOf,
  frontOf,
  json,
  layer,
  named,
  plain,
  setUp,
} from "./repository_support.ts";

Deno.test("repositories: the network and both presets are those of timm and transformers", async () => {
  await using env = await setUp();
  await using folder = await temporaryFolder();
  for (const repository of repositories) {
    const { name, arch, refused } = repository;
    const files = filesOf(repository);
    env.put(name, files);
    const path = join(folder.path, name);
    await Deno.mkdir(path, { recursive: true });
    for (const [file, bytes] of Object.entries(files)) {
      await Deno.writeFile(join(path, file), bytes);
    }
    const isFirst = repository === repositories[0];
    const local = isFirst ? [path, pathToFileURL(path)] : [path];
    for (const source of [`hf:${name}`, ...local]) {
      if (refused) {
        await assert.rejects(env.open(source), (error: Error) => {
          assert.equal(error.name, "RangeError");
          for (const word of refused) {
            assert.ok(
              error.message.includes(word),
              `${name}: ${error.message}`,
            );
          }
          assert.match(error.message, /config\.json: /);
          assert.ok(error.message.length < 300, error.message);
          return true;
        });
        continue;
      }
      for (const which of ["default", "test"] as const) {
        const { row, preset } = await env.open(source, { preset: which });
        const want = repository[which] ?? repository.default!;
        assert.deepEqual(preset, presetOf(want), `${name}, ${which}`);
        const { numClasses: _, ...expected } = arch!;
        assert.deepEqual(
          { ...row, ...expected },
          row,
          `${name}: ${JSON.stringify(row)}`,
        );
      }
    }
  }
  // A prefix is removed with a note.
  assert.ok(
    env.warnings.every((warning) => warning.includes("timm_model.")),
    env.warnings.join("\n"),
  );
});

Deno.test("repositories: createModel takes the preset and refuses another network", async () => {
  await using env = await setUp();
  const name = "timm/resnet18d.ra2_in1k";
  env.put(name, filesOf(named(name)));
  using model = await createModel(
    "resnet18d",
    layer,
    `hf:${name}`,
    env.settings,
  );
  assert.deepEqual(model.preset, presetOf(named(name).default!));
  await assert.rejects(
    createModel("resnet18", layer, `hf:${name}`, env.settings),
    {
      name: "TypeError",
      message: new RegExp(`is resnet18d by its config.json, not resnet18$`),
    },
  );
  const own = { ...imagenetPreset, cropSize: 192 };
  using other = await createModel("resnet18d", layer, `hf:${name}`, {
    ...env.settings,
    preset: own,
  });
  assert.deepEqual(other.preset, own);
  await assert.rejects(
    createModel("resnet18d", layer, false, { preset: { ...own, cropSize: 0 } }),
    {
      name: "RangeError",
      message: "preset.cropSize: expected an integer of at least 1, got 0",
    },
  );
  await assert.rejects(
    createModel("resnet18d", layer, false, { preset: "test" }),
    { message: 'preset, without weights: expected "default", got "test"' },
  );
});

Deno.test("repositories: a preset of one's own replaces one that can't be expressed", async () => {
  await using env = await setUp();
  const name = "user/timm-squash";
  env.put(name, filesOf(named(name)));
  await assert.rejects(env.open(`hf:${name}`), {
    message:
      'hf:user/timm-squash/config.json: crop_mode: expected "center", got "squash"; pass a preset of your own',
  });
  const { preset } = await env.open(`hf:${name}`, { preset: imagenetPreset });
  assert.deepEqual(preset, imagenetPreset);
});

Deno.test("repositories: downsample_in_bottleneck sets strideInConv1, whatever the name", async () => {
  await using env = await setUp();
  const name = "user/downsample-in-bottleneck";
  env.put(name, filesOf(named(name)));
  for (const arch of [undefined, "resnet50"]) {
    const { row } = await env.open(`hf:${name}`, { arch });
    assert.equal(row.strideInConv1, true);
  }
});

Deno.test("repositories: without configs the preset is ImageNet's, with a warning", async () => {
  await using env = await setUp();
  env.put("some/plain", { "model.safetensors": safetensors(frontOf(plain)) });
  const { preset } = await env.open("hf:some/plain", { arch: "resnet18" });
  assert.equal(preset, undefined);
  assert.equal(env.warnings.length, 1);
  assert.match(
    env.warnings[0],
    /has no config that names its preset; using ImageNet's/,
  );
  // Nor does a config of one's own say it.
  env.put("some/plain", { "config.json": json({ lr: 0.1 }) });
  const { row } = await env.open("hf:some/plain", { arch: "resnet18" });
  assert.equal(row.name, "resnet18");
  await assert.rejects(
    env.open("hf:some/plain", { arch: "resnet18", preset: "test" }),
    { message: /has no config that names a test preset/ },
  );
});

Deno.test("weights from mirrorUrl keep the table's preset; their repository has timm's", async () => {
  await using env = await setUp();
  const entry = weightsTable.find(({ arch, name }) =>
    arch === "resnet50" && name === "IMAGENET1K_V2"
  )!;
  const name = "timm/resnet50.tv2_in1k";
  env.put(name, filesOf(named(name)));
  const options = { arch: "resnet50" };
  const mirrored = await env.open(entry.mirrorUrl, options);
  assert.deepEqual(mirrored.preset, entry.preset);
  assert.equal(mirrored.preset?.resizeSize, 232);
  const { preset } = await env.open(`hf:${name}`, options);
  assert.deepEqual([preset?.resizeSize, preset?.cropSize], [201, 176]);
});

Deno.test("convertWeights keeps a repository's preset", async () => {
  await using env = await setUp();
  const name = "microsoft/resnet-18";
  env.put(name, filesOf(named(name)));
  const packed = await convertWeights(`hf:${name}`, {
    ...env.settings,
    dtype: "float32",
    outputLayer: layer,
  });
  const checkpoint = await openCheckpoint(packed);
  assert.deepEqual(checkpoint.metadata?.preset, presetOf(named(name).default!));
  assert.equal(checkpoint.metadata?.arch, "resnet18");
});

Deno.test("repositories: names of classes, if there are as many as classes", async () => {
  await using env = await setUp();
  for (const repository of repositories) {
    const { name, arch, classes } = repository;
    if (!classes) continue;
    for (const count of [classes.length, classes.length + 1]) {
      const tensors = frontOf(arch!);
      const shape = [count, arch!.block === "BasicBlock" ? 512 : 2048];
      const data = new Float32Array(shape[0] * shape[1]);
      tensors.set("fc.weight", { shape, data });
      tensors.set("fc.bias", { shape: [count], data: new Float32Array(count) });
      const files = filesOf(repository);
      const path = `${name}-${count}`;
      env.put(path, { ...files, "model.safetensors": safetensors(tensors) });
      const { row, checkpoint } = await env.open(`hf:${path}`);
      assert.equal(row.numClasses, count);
      assert.deepEqual(
        checkpoint.metadata?.labels,
        count === classes.length ? classes : undefined,
      );
    }
  }
});

Deno.test("repositories: fields of a preset replace those of the weights", async () => {
  await using env = await setUp();
  const name = "timm/resnet34.ra4_e3600_r224_in1k";
  env.put(name, filesOf(named(name)));
  const { preset } = await env.open(`hf:${name}`, {
    preset: { resizeSize: 300, cropSize: 280 },
  });
  const { mean, std } = presetOf(named(name).default!);
  assert.deepEqual(preset, {
    resizeSize: 300,
    cropSize: 280,
    interpolation: "bicubic",
    mean,
    std,
  });
});
