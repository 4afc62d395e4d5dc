// stock: no, it tests files, not the kernels
/** Repositories at Hugging Face and folders cloned from there, beside what timm and transformers do. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cutNetwork } from "../../src/arch/cut_network.ts";
import type { ArchRow } from "../../src/arch/table.ts";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { createModel } from "../../src/model/create_model.ts";
import { convertWeights } from "../../src/weights/convert.ts";
import { allTensors } from "../../src/weights/differences.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import {
  type NetworkOptions,
  type OpenedNetwork,
  withNetwork,
} from "../../src/weights/open_network.ts";
import type { Pretrained } from "../../src/weights/resolve.ts";
import { weightsTable } from "../../src/weights/table.ts";
import {
  type GoldenRepository,
  presetOf,
  repositories,
} from "../support/preset_goldens.ts";
import { uniform } from "../support/uniform.ts";
import { filesIn, temporaryFolder } from "./fetch_support.ts";
import { checkpointOf, type Tensors } from "./fixtures.ts";
import { pthBytes } from "./pth_writer.ts";
import { safetensors } from "./safetensors_writer.ts";
import { status, WeightsServer } from "./server.ts";

const layer = "layer1.0.conv1";

/** The front of a network. */
function frontOf(arch: Omit<ArchRow, "name">, prefix = ""): Tensors {
  const { trace } = cutNetwork({ name: "x", ...arch }, layer);
  return new Map(
    allTensors(trace.root).map(({ name, shape }) => {
      const count = shape.reduce((a, b) => a * b);
      return [`${prefix}${name}`, { shape, data: uniform(name, count) }];
    }),
  );
}

const plain = { block: "BasicBlock", layers: [2, 2, 2, 2] } as const;
const named = (name: string) => repositories.find((r) => r.name === name)!;
const json = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value));

/** A hub on 127.0.0.1, and an empty cache. */
async function setUp() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(new WeightsServer());
  const cache = stack.use(await temporaryFolder());
  const warnings: string[] = [];
  const settings = {
    fetch: server.fetch,
    cache: cache.path,
    retryDelay: () => 1,
    warn: (message: string) => void warnings.push(message),
  };
  const put = (
    name: string,
    files: Record<string, Uint8Array<ArrayBuffer>>,
  ) => {
    for (const [file, bytes] of Object.entries(files)) {
      server.put(`https://huggingface.co/${name}/resolve/main/${file}`, bytes);
    }
  };
  const open = (
    pretrained: Pretrained,
    options: NetworkOptions = {},
  ): Promise<OpenedNetwork> =>
    withNetwork(
      pretrained,
      { ...settings, outputLayer: layer, ...options },
      (opened) => Promise.resolve(opened),
    );
  return {
    server,
    cache: cache.path,
    settings,
    warnings,
    put,
    open,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A repository's files, with the front of its network. */
function filesOf(
  { files, arch, prefix }: GoldenRepository,
): Record<string, Uint8Array<ArrayBuffer>> {
  const configs = Object.entries(files).map(([name, value]) =>
    [name, json(value)] as const
  );
  const weights = safetensors(frontOf(arch ?? plain, prefix));
  return Object.fromEntries([...configs, ["model.safetensors", weights]]);
}

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

Deno.test("repositories: one that is absent or private", async () => {
  await using env = await setUp();
  const url = "https://huggingface.co/some/absent/resolve/main/config.json";
  env.server.fail(url, status(401));
  await assert.rejects(env.open("hf:some/absent"), {
    message:
      `cannot fetch ${url}: HTTP 401 Unauthorized; check the name; clone a private repository, and pass its folder`,
  });
});

Deno.test("repositories: pytorch_model.bin", async () => {
  await using env = await setUp();
  const front = frontOf(plain);
  const { "model.safetensors": _, ...configs } = filesOf(
    named("timm/resnet18.a1_in1k"),
  );
  const bin = await pthBytes(checkpointOf(front));
  env.put("some/bin", { ...configs, "pytorch_model.bin": bin });
  const { preset, checkpoint } = await env.open("hf:some/bin");
  assert.equal(preset?.resizeSize, 235);
  assert.equal(checkpoint.tensors.size, front.size);
});

Deno.test("repositories: shards, of which only what is needed is fetched", async () => {
  await using env = await setUp();
  await using folder = await temporaryFolder();
  const front = [...frontOf(plain)];
  const rest: Tensors = new Map([
    ["layer4.1.conv2.weight", {
      shape: [512, 512, 3, 3],
      data: new Float32Array(512 * 512 * 9),
    }],
  ]);
  const shards = {
    "model-00001-of-00003.safetensors": new Map(front.slice(0, 3)),
    "model-00002-of-00003.safetensors": new Map(front.slice(3)),
    "model-00003-of-00003.safetensors": rest,
  };
  const weight_map = Object.fromEntries(
    Object.entries(shards).flatMap(([file, tensors]) =>
      [...tensors.keys()].map((name) => [name, file])
    ),
  );
  const { "model.safetensors": _, ...configs } = filesOf(
    named("timm/resnet18.a1_in1k"),
  );
  const files: Record<string, Uint8Array<ArrayBuffer>> = {
    ...configs,
    "model.safetensors.index.json": json({ metadata: {}, weight_map }),
  };
  for (const [file, tensors] of Object.entries(shards)) {
    files[file] = safetensors(tensors);
  }
  env.put("some/shards", files);
  for (const [file, bytes] of Object.entries(files)) {
    await Deno.writeFile(join(folder.path, file), bytes);
  }
  for (const source of ["hf:some/shards", folder.path]) {
    using model = await createModel("resnet18", layer, source, env.settings);
    assert.equal(model.preset.resizeSize, 235);
    await withNetwork(
      source,
      { ...env.settings, outputLayer: layer },
      async ({ checkpoint }) => {
        for (const [name, { data }] of front) {
          assert.deepEqual(await checkpoint.read(name), data, name);
        }
      },
    );
  }
  const third = env.server.served.filter(({ path }) =>
    path.includes("-00003-of")
  );
  const sent = third.reduce((sum, { sent }) => sum + sent, 0);
  assert.ok(sent <= 32 * 1024, `${sent} bytes of 9 MB`);

  const bad = [
    [{ weight_map: { a: "../x" } }, /"weight_map": expected names of files$/],
    [{ weight_map: 3 }, /"weight_map": expected an object$/],
    [
      { weight_map: { a: "model-00001-of-00003.safetensors" } },
      /"a" is not in model-00001-of-00003\.safetensors$/,
    ],
    [
      { weight_map: { a: "none.safetensors" } },
      /has no none\.safetensors, which/,
    ],
  ] as const;
  for (const [index, message] of bad) {
    const path = join(folder.path, "model.safetensors.index.json");
    await Deno.writeFile(path, json(index));
    await assert.rejects(env.open(folder.path), { message });
  }
});

Deno.test("repositories: the cache needs no network", async () => {
  await using env = await setUp();
  const name = "timm/resnet18.a1_in1k";
  env.put(name, filesOf(named(name)));
  const { preset } = await env.open(`hf:${name}`);
  assert.ok((await filesIn(env.cache)).length > 0);
  env.server.reset();
  assert.deepEqual((await env.open(`hf:${name}`)).preset, preset);
  assert.equal(env.server.served.length, 0);

  // Weights without a config, which can't be told from a server out of reach.
  env.put("some/plain", { "model.safetensors": safetensors(frontOf(plain)) });
  await env.open("hf:some/plain", { arch: "resnet18" });
  env.warnings.length = 0;
  const fetch = () => Promise.reject(new TypeError("no network"));
  await env.open("hf:some/plain", { arch: "resnet18", fetch });
  assert.match(
    env.warnings[0],
    /config\.json: no network; using the weights without it$/,
  );
  await assert.rejects(env.open("hf:some/other", { fetch }), {
    message: /some\/other\/resolve\/main\/config\.json: no network/,
  });
});

Deno.test("repositories: folders without usual names", async () => {
  await using env = await setUp();
  await using folder = await temporaryFolder();
  const weights = safetensors(frontOf(plain));
  await assert.rejects(env.open(folder.path), {
    message:
      `"${folder.path}" has no weights; expected "model.safetensors", "pytorch_model.bin" or "pytorch_model.pth"`,
  });
  await Deno.writeFile(join(folder.path, "best.safetensors"), weights);
  const { row } = await env.open(folder.path, { arch: "resnet18" });
  assert.equal(row.name, "resnet18");
  await Deno.writeFile(join(folder.path, "last.safetensors"), weights);
  await assert.rejects(env.open(folder.path, { arch: "resnet18" }), {
    message:
      /has several files of weights \(best\.safetensors, last\.safetensors\)/,
  });
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
