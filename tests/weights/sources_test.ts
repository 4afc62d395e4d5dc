/** Sources of weights: the official host, its mirror, your own host, torch's cache. */

import assert from "node:assert/strict";
import { writePacked } from "../../src/weights/pack.ts";
import type { FetchSettings } from "../../src/weights/fetch/options.ts";
import type { ManifestFile } from "../../src/weights/fetch/manifest.ts";
import { openEntry } from "../../src/weights/open_entry.ts";
import { openPretrained } from "../../src/weights/resolve.ts";
import {
  modelUrls,
  type WeightsEntry,
  weightsTable,
} from "../../src/weights/table.ts";
import { pthBytes } from "./pth_writer.ts";
import { filesIn, temporaryFolder } from "./fetch_support.ts";
import { checkpointOf, type Tensors } from "./fixtures.ts";
import { safetensors } from "./safetensors_writer.ts";
import { corrupted, cutAfter, status, WeightsServer } from "./server.ts";

/** A stand-in for a network's weights, with its number as values, long enough for ranges. */
function standIn(number: number): Tensors {
  const data = (length: number) =>
    Float32Array.from({ length }, (_, i) => number + i / length);
  return new Map([
    ["conv1.weight", { shape: [64, 3, 7, 7], data: data(9408) }],
    ["bn1.weight", { shape: [64], data: data(64) }],
    ["fc.weight", { shape: [30, 1000], data: data(30_000) }],
  ]);
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The official host with stand-ins for all files, and a table with their hashes. */
async function setUp() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(new WeightsServer());
  const folder = stack.use(await temporaryFolder());
  const table: WeightsEntry[] = [];
  for (const [i, entry] of weightsTable.entries()) {
    const bytes = await pthBytes(checkpointOf(standIn(i)));
    server.put(entry.url, bytes);
    const sha256Prefix = (await sha256(bytes)).slice(0, 8);
    table.push({ ...entry, sha256Prefix });
  }
  const warnings: string[] = [];
  const settings: FetchSettings = {
    fetch: server.fetch,
    cache: folder.path,
    retryDelay: () => 1,
    warn: (message) => warnings.push(message),
  };
  /** Opens and reads a stand-in; returns its number. */
  const resolve = async (
    arch: string,
    pretrained: string | true,
    more: FetchSettings = {},
    names: readonly string[] = [...standIn(0).keys()],
  ) => {
    const { checkpoint, preset } = await openPretrained(
      arch,
      pretrained,
      { ...settings, ...more },
      table,
    );
    checkpoint.expect?.(names);
    let number = NaN;
    for (const name of names) {
      const values = await checkpoint.read(name);
      number = Math.floor(values[0]);
      assert.deepEqual(values, standIn(number).get(name)?.data);
    }
    checkpoint.close();
    return { number, preset, source: checkpoint.source };
  };
  return {
    server,
    cache: folder.path,
    table,
    settings,
    warnings,
    resolve,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("the 17 official names, in whole and in part, each fetched once", async () => {
  await using env = await setUp();
  for (const names of [["conv1.weight"], undefined]) {
    for (const [i, { arch, name, preset }] of env.table.entries()) {
      for (const again of [false, true]) {
        env.server.reset();
        const found = await env.resolve(arch, name, {}, names);
        assert.equal(found.number, i);
        assert.deepEqual(found.preset, preset);
        assert.equal(found.source, env.table[i].url);
        assert.equal(env.server.sent === 0, again);
        assert.ok(env.server.sent < (names ? 120_000 : 160_000));
      }
    }
  }
  assert.deepEqual(env.warnings, []);
});

Deno.test("true, DEFAULT, enum members and the official URLs mean entries", async () => {
  await using env = await setUp();
  const numberOf = (arch: string, name: string) =>
    env.table.findIndex((e) => e.arch === arch && e.name === name);
  const cases = [
    ["resnet50", true, "IMAGENET1K_V1"],
    ["resnet50", "DEFAULT", "IMAGENET1K_V2"],
    ["resnet50", "ResNet50_Weights.IMAGENET1K_V2", "IMAGENET1K_V2"],
    ["resnet50", env.table[3].url, "IMAGENET1K_V2"],
  ] as const;
  for (const [arch, pretrained, name] of cases) {
    const found = await env.resolve(arch, pretrained);
    assert.equal(found.number, numberOf(arch, name));
    assert.equal(
      found.preset?.resizeSize,
      name === "IMAGENET1K_V1" ? 256 : 232,
    );
  }
});

Deno.test("modelUrls: torchvision's nine, five of them older files", async () => {
  assert.equal(Object.keys(modelUrls).length, 9);
  assert.equal(
    modelUrls.resnet50,
    "https://download.pytorch.org/models/resnet50-19c8e357.pth",
  );
  assert.equal(
    modelUrls.resnext50_32x4d,
    "https://download.pytorch.org/models/resnext50_32x4d-7cdf4587.pth",
  );
  // An older file has its own hash, in its name.
  await using env = await setUp();
  env.server.put(modelUrls.resnet18, await pthBytes(checkpointOf(standIn(40))));
  await assert.rejects(env.resolve("resnet18", modelUrls.resnet18), {
    name: "SyntaxError",
    message:
      /^cannot read "https:.*\/resnet18-5c106cde\.pth": expected SHA-256 5c106cde…, got [0-9a-f]{64}$/,
  });
});

Deno.test("a wrong hash is an error, isn't cached, and the mirror isn't tried", async () => {
  await using env = await setUp();
  const { url } = env.table[0];
  env.server.put(env.table[0].mirrorUrl, safetensors(standIn(50)));
  for (const cache of [env.cache, false]) {
    for (const hasRanges of [true, false]) {
      env.server.hasRanges = hasRanges;
      if (!hasRanges || cache) {
        env.server.fail(url, corrupted(20_000));
        await assert.rejects(env.resolve("resnet18", true, { cache }), {
          name: "SyntaxError",
          message:
            /^cannot read ".*resnet18-f37072fd\.pth": expected SHA-256 [0-9a-f]{8}…, got [0-9a-f]{64}$/,
        });
        assert.deepEqual(await filesIn(env.cache), []);
      }
      assert.equal((await env.resolve("resnet18", true)).number, 0);
      await Deno.remove(env.cache, { recursive: true });
      await Deno.mkdir(env.cache);
    }
  }
});

Deno.test("an official file cut short in transit", async () => {
  await using env = await setUp();
  const { url } = env.table[0];
  env.server.fail(url, cutAfter(10_000), cutAfter(5_000));
  assert.equal((await env.resolve("resnet18", true)).number, 0);
  assert.ok(env.server.served.some(({ ifRange }) => ifRange !== null));
});

Deno.test("the mirror if the official host fails; then the cache", async () => {
  await using env = await setUp();
  const { server, warnings } = env;
  const { url, mirrorUrl } = env.table[4];
  assert.equal(
    mirrorUrl,
    "https://huggingface.co/timm/resnet101.tv_in1k/resolve/main/model.safetensors",
  );
  assert.match(env.table[5].mirrorUrl, /\/timm\/resnet101\.tv2_in1k\//);
  server.put(mirrorUrl, safetensors(standIn(60)));
  server.fail(url, status(503), status(503));
  const { number, preset } = await env.resolve("resnet101", true);
  assert.equal(number, 60);
  assert.equal(preset, env.table[4].preset);
  assert.deepEqual(warnings, [
    `cannot fetch ${url}: HTTP 503 Service Unavailable; trying ${mirrorUrl}`,
  ]);
  server.reset();
  assert.equal((await env.resolve("resnet101", true)).number, 60);
  assert.equal(server.served.length, 0);
});

Deno.test("hf: means a repository, and a revision of it", async () => {
  await using env = await setUp();
  const base = "https://huggingface.co/some/net.v1/resolve";
  env.server.put(`${base}/main/model.safetensors`, safetensors(standIn(70)));
  env.server.put(
    `${base}/refs%2Fpr%2F1/model.safetensors`,
    safetensors(standIn(71)),
  );
  assert.equal((await env.resolve("x", "hf:some/net.v1")).number, 70);
  const revision = "hf:some/net.v1@refs/pr/1";
  assert.equal((await env.resolve("x", revision)).number, 71);
  await assert.rejects(env.resolve("x", "hf:net"), {
    name: "RangeError",
    message: 'expected hf:owner/name or hf:owner/name@revision, got "hf:net"',
  });
  await assert.rejects(env.resolve("x", "hf:some/absent"), {
    message:
      '"hf:some/absent" has no weights; expected "model.safetensors", "pytorch_model.bin" or "pytorch_model.pth"',
  });
});

Deno.test("offline, with an empty cache: where to get the file and where to put it", async () => {
  await using env = await setUp();
  const { url, mirrorUrl } = env.table[0];
  const fetch = () => Promise.reject(new TypeError("no network"));
  await assert.rejects(env.resolve("resnet18", true, { fetch }), {
    name: "Error",
    message:
      `cannot load IMAGENET1K_V1 of resnet18: cannot fetch ${url}: no network; ` +
      `cannot fetch ${mirrorUrl}: no network; download ${url} and pass the file's path, ` +
      "or put it into ~/.cache/torch/hub/checkpoints",
  });
  // Cached files need no network.
  await env.resolve("resnet18", true);
  assert.equal((await env.resolve("resnet18", true, { fetch })).number, 0);
});

Deno.test("torch's cache: a file with the right hash is read, and nothing fetched", async () => {
  await using env = await setUp();
  await using folder = await temporaryFolder();
  const [entry] = env.table;
  const settings = { ...env.settings, cache: false };
  const open = async (entry: WeightsEntry) => {
    const checkpoint = await openEntry(entry, settings, folder.path);
    const [first] = await checkpoint.read("bn1.weight");
    checkpoint.close();
    return { first, source: checkpoint.source };
  };
  // The older file of the same weights would be used if its hash were right.
  const old = `${folder.path}/resnet18-5c106cde.pth`;
  await Deno.writeFile(old, await pthBytes(checkpointOf(standIn(9))));
  await open(entry);
  assert.match(env.warnings[0], /^ignoring ".*resnet18-5c106cde\.pth"/);
  await Deno.remove(old);
  env.server.reset();
  env.warnings.length = 0;

  const path = `${folder.path}/resnet18-f37072fd.pth`;
  await Deno.writeFile(path, await pthBytes(checkpointOf(standIn(0))));
  assert.deepEqual(await open(entry), { first: 0, source: path });
  assert.equal(env.server.served.length, 0);

  // Another file of that name isn't used.
  await Deno.writeFile(path, await pthBytes(checkpointOf(standIn(9))));
  assert.deepEqual(await open(entry), { first: 0, source: entry.url });
  assert.equal(env.warnings.length, 1);
  assert.match(
    env.warnings[0],
    /resnet18-f37072fd\.pth": expected SHA-256 [0-9a-f]{8}…, got [0-9a-f]{64}$/,
  );
  assert.deepEqual(await filesIn(folder.path), [path]);
});

Deno.test("weightsBase: the packed file of your own host, by its manifest", async () => {
  await using env = await setUp();
  const { server, warnings } = env;
  const weightsBase = "https://cdn.example.com/weights/";
  const files: ManifestFile[] = [];
  for (const [dtype, number] of [["float16", 80], ["int8", 81]] as const) {
    // One-dimensional tensors are exact in all types.
    const tensors = new Map([...standIn(number)].slice(1, 2));
    const packed = await writePacked(checkpointOf(tensors), { dtype });
    const file = `resnet50-v2.${dtype}.npz`;
    server.put(`${weightsBase}${file}`, packed);
    files.push({
      arch: "resnet50",
      weights: "IMAGENET1K_V2",
      dtype,
      file,
      size: packed.length,
      sha256: await sha256(packed),
    });
  }
  const manifest = (files: unknown) =>
    server.put(
      `${weightsBase}manifest.json`,
      new TextEncoder().encode(JSON.stringify({ files })),
    );
  manifest(files);
  const resolve = (more: FetchSettings = {}, name = "IMAGENET1K_V2") =>
    env.resolve("resnet50", name, { weightsBase, ...more }, ["bn1.weight"]);

  assert.equal((await resolve()).number, 80);
  assert.equal(
    (await resolve({ weightsBase: { url: weightsBase, dtype: "int8" } }))
      .number,
    81,
  );
  assert.equal((await resolve()).preset?.resizeSize, 232);
  assert.ok(!server.served.some(({ path }) => path.includes("pytorch")));

  // The second time only the manifest is requested; offline, the cached one is used.
  server.reset();
  assert.equal((await resolve()).number, 80);
  assert.deepEqual(
    server.served.map(({ path }) => path),
    ["/cdn.example.com/weights/manifest.json"],
  );
  const fetch = () => Promise.reject(new TypeError("no network"));
  assert.equal((await resolve({ fetch })).number, 80);
  assert.deepEqual(warnings, []);

  // Files that the host lacks come from the official one, with a warning.
  assert.equal((await resolve({ baseDType: "float32" })).number, 3);
  assert.equal((await resolve({}, "IMAGENET1K_V1")).number, 2);
  assert.deepEqual(warnings, [
    `${weightsBase}manifest.json has no IMAGENET1K_V2 of resnet50 as float32`,
    `${weightsBase}manifest.json has no IMAGENET1K_V1 of resnet50 as float16`,
  ]);

  // A file that isn't the manifest's is rejected.
  manifest(files.map((file) => ({ ...file, sha256: "0".repeat(64) })));
  await assert.rejects(resolve(), {
    name: "SyntaxError",
    message: /expected SHA-256 0{64}, got [0-9a-f]{64}$/,
  });
  manifest(files.map((file) => ({ ...file, size: file.size + 1 })));
  await assert.rejects(resolve({ cache: false }), {
    name: "SyntaxError",
    message: /^cannot read ".*": expected \d+ bytes, got \d+$/,
  });
  // Published again under the same name, it is fetched again.
  const anew = await writePacked(
    checkpointOf(new Map([...standIn(82)].slice(1, 2))),
    { dtype: "float16" },
  );
  server.put(`${weightsBase}${files[0].file}`, anew);
  manifest([{ ...files[0], size: anew.length, sha256: await sha256(anew) }]);
  assert.equal((await resolve()).number, 82);

  for (
    const [bad, message] of [
      [undefined, /manifest\.json": "files": expected a list$/],
      [
        [{ ...files[0], file: "../x" }],
        /manifest\.json": files\[0\]: expected/,
      ],
    ] as const
  ) {
    manifest(bad);
    await assert.rejects(resolve(), { name: "SyntaxError", message });
  }
  await assert.rejects(resolve({ weightsBase: "https://x.org/weights" }), {
    name: "RangeError",
    message:
      'weightsBase: expected a URL that ends with /, got "https://x.org/weights"',
  });
});
