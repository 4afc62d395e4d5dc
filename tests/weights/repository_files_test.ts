// stock: no, it tests files, not the kernels
/** The files of a repository: shards, a cache, folders, and what is absent. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createModel } from "../../src/model/create_model.ts";
import { withNetwork } from "../../src/weights/open_network.ts";
import { filesIn, temporaryFolder } from "./fetch_support.ts";
import { checkpointOf, type Tensors } from "./fixtures.ts";
import { pthBytes } from "./pth_writer.ts";
import { safetensors } from "./safetensors_writer.ts";
import { status } from "./server.ts";
import {
  filesOf,
  frontOf,
  json,
  layer,
  named,
  plain,
  setUp,
} from "./repository_support.ts";

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
