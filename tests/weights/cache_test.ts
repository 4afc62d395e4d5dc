/** The caches: one contract for the folder and the Cache API, and what only a folder has. */

import assert from "node:assert/strict";
import {
  clearCachedWeights,
  listCachedWeights,
} from "../../src/weights/cached_weights.ts";
import { cache as command } from "../../src/cli/cache.ts";
import { parse } from "../../src/cli/command.ts";
import { BrowserCache } from "../../src/weights/fetch/browser_cache.ts";
import type { WeightsCache } from "../../src/weights/fetch/cache.ts";
import { FolderCache } from "../../src/weights/fetch/folder_cache.ts";
import { Keeper } from "../../src/weights/fetch/keeper.ts";
import { openCache } from "../../src/weights/fetch/open_cache.ts";
import type { FileVersion } from "../../src/weights/fetch/remote_file.ts";
import type { Span } from "../../src/weights/fetch/span.ts";
import {
  filesIn,
  frontNames,
  layer1Names,
  load,
  setUp,
  temporaryFolder,
  url,
} from "./fetch_support.ts";

const version: FileVersion = { url, size: 100, validator: `"one"` };
const bytes = Uint8Array.from({ length: 100 }, (_, i) => i + 1);

async function put(cache: WeightsCache, of: FileVersion, part: Span) {
  const writer = await cache.create(of, part);
  const middle = (part.offset + part.end) >> 1;
  await writer.write(bytes.subarray(part.offset, middle));
  await writer.write(bytes.subarray(middle, part.end));
  await writer.commit();
}

async function assertKept(cache: WeightsCache, of: FileVersion, part: Span) {
  const source = await cache.open(of, part);
  assert.ok(source);
  assert.deepEqual(
    await source.read(0, source.size),
    bytes.slice(part.offset, part.end),
  );
  source.close();
}

const spans = (parts: readonly Span[]) =>
  parts.map(({ offset, end }) => [offset, end]);

const caches_: Record<
  string,
  () => Promise<{ cache: WeightsCache } & AsyncDisposable>
> = {
  async "a folder"() {
    const folder = await temporaryFolder();
    // It doesn't exist yet.
    return { ...folder, cache: new FolderCache(`${folder.path}/not/yet`) };
  },
  async "the Cache API"() {
    await caches.delete("layertap");
    return {
      cache: new BrowserCache(),
      async [Symbol.asyncDispose]() {
        await caches.delete("layertap");
      },
    };
  },
};

for (const [name, open] of Object.entries(caches_)) {
  Deno.test(`${name}: parts are added, found, listed and removed`, async () => {
    await using opened = await open();
    const { cache } = opened;
    assert.equal(await cache.find(url), undefined);
    assert.deepEqual(await cache.list(), []);
    await put(cache, version, { offset: 50, end: 70 });
    await put(cache, version, { offset: 0, end: 10 });
    const other = { url: "https://example.com/front.pth?x=1", size: 100 };
    await put(cache, other, { offset: 10, end: 20 });

    const found = await cache.find(url);
    assert.deepEqual({ ...found!.version }, version);
    assert.deepEqual(spans(found!.parts), [[0, 10], [50, 70]]);
    await assertKept(cache, version, { offset: 0, end: 10 });
    await assertKept(cache, version, { offset: 50, end: 70 });
    assert.equal(
      await cache.open(version, { offset: 0, end: 20 }),
      undefined,
    );
    assert.deepEqual(
      (await cache.list()).map(({ version }) => version.url).sort(),
      [url, other.url],
    );
    await cache.remove(url);
    assert.equal(await cache.find(url), undefined);
    await assertKept(cache, other, { offset: 10, end: 20 });
  });

  Deno.test(`${name}: a part is there only after commit`, async () => {
    await using opened = await open();
    const { cache } = opened;
    const part = { offset: 0, end: 10 };
    const writer = await cache.create(version, part);
    await writer.write(bytes.subarray(0, 10));
    assert.equal(await cache.find(url), undefined);
    await writer.abort();
    assert.equal(await cache.find(url), undefined);
    assert.equal(await cache.open(version, part), undefined);
  });

  Deno.test(`${name}: two writers at once don't interfere`, async () => {
    await using opened = await open();
    const { cache } = opened;
    const part = { offset: 0, end: 100 };
    await Promise.all([1, 2, 3].map(() => put(cache, version, part)));
    await assertKept(cache, version, part);
    assert.deepEqual(spans((await cache.find(url))!.parts), [[0, 100]]);
  });

  Deno.test(`${name}: versions don't mix; another hash isn't found`, async () => {
    await using opened = await open();
    const { cache } = opened;
    const hashed = { ...version, sha256: "ab" };
    await put(cache, hashed, { offset: 0, end: 10 });
    assert.equal(await cache.find(url), undefined);
    assert.equal(await cache.find(url, "cd"), undefined);
    assert.equal((await cache.find(url, "ab"))?.version.sha256, "ab");
    const later = { ...hashed, validator: `"two"` };
    assert.equal(await cache.open(later, { offset: 0, end: 10 }), undefined);
  });

  Deno.test(`${name}: the whole file replaces its parts`, async () => {
    await using opened = await open();
    const { cache } = opened;
    await put(cache, version, { offset: 10, end: 20 });
    await put(cache, version, { offset: 0, end: 100 });
    assert.deepEqual(spans((await cache.find(url))!.parts), [[0, 100]]);
  });
}

Deno.test("the Cache API serves a whole load", async () => {
  await using opened = await caches_["the Cache API"]();
  await using env = await setUp();
  // Deno uses the folder by default.
  using _ = withoutDeno();
  const settings = { ...env.settings, cache: true };
  await load(url, layer1Names, settings);
  await load(url, frontNames, settings);
  env.server.reset();
  await load(url, frontNames, settings);
  assert.equal(env.server.served.length, 0);
  assert.equal((await opened.cache.list()).length, 1);
});

function withoutDeno(): Disposable {
  const { Deno } = globalThis;
  Reflect.deleteProperty(globalThis, "Deno");
  return { [Symbol.dispose]: () => void Object.assign(globalThis, { Deno }) };
}

Deno.test("a folder: unfinished files of dead processes are removed after a while", async () => {
  await using folder = await temporaryFolder();
  const cache = new FolderCache(folder.path);
  const part = { offset: 0, end: 10 };
  const dead = await cache.create(version, part);
  await dead.write(bytes.subarray(0, 5));
  const unfinished = async () =>
    (await filesIn(folder.path)).filter((path) => path.endsWith(".tmp"));
  await put(cache, version, part);
  const [path] = await unfinished();
  const longAgo = new Date(Date.now() - 3_600_000);
  await Deno.utime(path, longAgo, longAgo);
  await put(cache, version, part);
  assert.deepEqual(await unfinished(), []);
  await dead.abort();
});

Deno.test("a failing cache: one warning, and the weights load", async () => {
  await using env = await setUp();
  // A file where the folder should be.
  const cache = `${env.cache}/file`;
  await Deno.writeTextFile(cache, "");
  for (const names of [layer1Names, frontNames]) {
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    await load(url, names, { ...env.settings, cache, warn });
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0],
      /^fetched weights are not cached: .*ENOTDIR|Not a directory/,
    );
  }
});

Deno.test("a disk that fills up midway: one warning, and the weights load", async () => {
  await using env = await setUp();
  const folder = new FolderCache(env.cache);
  let room = 1_000_000;
  const full: WeightsCache = {
    find: (url) => folder.find(url),
    open: (version, part) => folder.open(version, part),
    remove: (url) => folder.remove(url),
    list: () => folder.list(),
    async create(version, part) {
      const writer = await folder.create(version, part);
      return {
        ...writer,
        write(chunk) {
          room -= chunk.length;
          if (room < 0) return Promise.reject(new Error("no space left"));
          return writer.write(chunk);
        },
      };
    },
  };
  const warnings: string[] = [];
  const keeper = new Keeper(full, (message) => warnings.push(message));
  const { openRemote } = await import("../../src/weights/fetch/open_remote.ts");
  const checkpoint = await openRemote(url, env.settings, keeper);
  checkpoint.expect?.(frontNames);
  for (const name of frontNames) await checkpoint.read(name);
  checkpoint.close();
  assert.deepEqual(warnings, [
    "fetched weights are not cached: no space left",
  ]);
  const left = await filesIn(env.cache);
  assert.deepEqual(left.filter((path) => path.endsWith(".tmp")), []);
});

Deno.test({
  name: "without the permissions: what they are, and no question",
  permissions: { net: ["127.0.0.1"], read: true, write: false },
  async fn() {
    await assert.rejects(openCache(), {
      message:
        "no cache folder; grant --allow-env=LAYERTAP_CACHE,XDG_CACHE_HOME,HOME --allow-read --allow-write",
    });
    await assert.rejects(openCache("some/folder"), {
      message:
        "no access to the cache folder; grant --allow-read=some/folder --allow-write=some/folder",
    });
    assert.equal(await openCache(false), undefined);
  },
});

Deno.test("the cache's folder", async () => {
  const code =
    `import { cacheFolder } from "./src/weights/fetch/open_cache.ts"; console.log(await cacheFolder());`;
  const run = async (env: Record<string, string>) => {
    const { stdout } = await new Deno.Command("deno", {
      args: ["eval", code],
      env,
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  assert.equal(await run({ LAYERTAP_CACHE: "/own/place" }), "/own/place");
  if (Deno.build.os !== "linux") return;
  await using folder = await temporaryFolder();
  assert.equal(
    await run({ LAYERTAP_CACHE: "", XDG_CACHE_HOME: folder.path }),
    `${folder.path}/layertap`,
  );
});

Deno.test("list and clear: the cached weights, and nothing else", async () => {
  await using env = await setUp();
  const { cache } = env;
  await load(url, layer1Names, env.settings);
  await Deno.writeTextFile(`${cache}/mine.txt`, "mine");
  await Deno.mkdir(`${cache}/folder/below`, { recursive: true });
  const [file, ...others] = await listCachedWeights({ cache });
  assert.deepEqual(others, []);
  assert.equal(file.url, url);
  assert.ok(file.kept > 0 && file.kept < file.size);
  const text = await run(["--folder", cache]);
  assert.match(
    text,
    /^ +\d+\.\d MB of 2\.8 MB +https:\/\/example\.com\/front\.pth\n$/,
  );
  assert.match(
    await run(["clear", "--folder", cache]),
    /^deleted 1 files, \d\.\d MB\n$/,
  );
  assert.deepEqual(await clearCachedWeights({ cache }), []);
  assert.equal(await run(["list", "--folder", cache]), "");
  assert.deepEqual(await filesIn(cache), [`${cache}/mine.txt`]);
  await assert.rejects(run(["lost"]), {
    message: "unknown command cache lost; did you mean list?",
  });

  async function run(args: string[]): Promise<string> {
    let text = "";
    const stdout = { write: (part: string) => text += part };
    const io = { stdout, stderr: stdout };
    await command.run({ ...parse(args, command), io });
    return text;
  }
});
