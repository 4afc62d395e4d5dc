/** Weights that change on their server: what is loaded, and what is kept, is of one version. */

import assert from "node:assert/strict";
import { FolderCache } from "../../src/weights/fetch/folder_cache.ts";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";
import {
  filesIn,
  frontCheckpoint,
  frontNames,
  layer1Names,
  load,
  setUp,
  stemNames,
} from "./fetch_support.ts";
import { pthBytes } from "./pth_writer.ts";
import { safetensors } from "./safetensors_writer.ts";
import { cutAfter, type Fault, status, type WeightsServer } from "./server.ts";

/** The same tensors times a factor. */
function scaled(factor: number): Checkpoint {
  const checkpoint = frontCheckpoint();
  const { read } = checkpoint;
  checkpoint.read = async (name) =>
    (await read.call(checkpoint, name)).map((x) => factor * x);
  return checkpoint;
}

const checkpoints = [scaled(1), scaled(2)];

/** Two versions of a file, of the same size. */
interface Versions {
  readonly url: string;
  readonly files: readonly Uint8Array<ArrayBuffer>[];
}

const formats: Versions[] = [];
const tensors = await Promise.all(checkpoints.map(async (checkpoint) =>
  new Map(
    await Promise.all(
      [...checkpoint.tensors].map(async ([name, { shape }]) =>
        [name, { shape, data: await checkpoint.read(name) }] as const
      ),
    ),
  )
));
formats.push({
  url: "https://example.com/front.safetensors",
  files: tensors.map(safetensors),
});
formats.push({
  url: "https://example.com/front.pth",
  files: await Promise.all(checkpoints.map(pthBytes)),
});

/** What a server may send that doesn't tell two versions apart. */
const weak: readonly Record<string, string>[] = [
  { etag: 'W/"same"' },
  { "last-modified": "Mon, 30 Nov 2026 00:00:00 GMT" },
  {},
];

/** The normal answer of a version, under those headers in place of the ETag. */
function answer(
  server: WeightsServer,
  { url, files }: Versions,
  headers: Record<string, string>,
): (version: number) => Fault {
  return (version) => async (_, normal) => {
    server.put(url, files[version]);
    const response = await normal();
    response.headers.delete("etag");
    for (const [name, value] of Object.entries(headers)) {
      response.headers.set(name, value);
    }
    return response;
  };
}

/** The cached files are those of one version, whole. */
async function assertKept(cache: string, file: Uint8Array | undefined) {
  const kept = (await filesIn(cache)).filter((path) =>
    !path.endsWith("source.json")
  );
  assert.equal(kept.length, file ? 1 : 0);
  if (file) assert.deepEqual(await Deno.readFile(kept[0]), file);
}

async function empty(cache: string) {
  await Deno.remove(cache, { recursive: true });
  await Deno.mkdir(cache);
}

Deno.test("without a strong ETag: one request for all of it, and no version mixes with another", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  for (const format of formats) {
    const { url, files } = format;
    assert.equal(files[0].length, files[1].length);
    for (const headers of weak) {
      const version = answer(server, format, headers);
      for (const cache of [env.cache, false]) {
        server.reset();
        // The second version from the second request on.
        server.fail(url, version(0), ...Array(20).fill(version(1)));
        await load(url, layer1Names, { ...settings, cache }, checkpoints[1]);
        assert.deepEqual(
          server.served.map(({ range, status }) => [range === null, status]),
          [[false, 206], [true, 200]],
        );
        if (!cache) continue;
        await assertKept(env.cache, files[1]);
        // The cache has all of it, and asks no more.
        server.reset();
        await load(url, frontNames, settings, checkpoints[1]);
        assert.equal(server.served.length, 0);
        await empty(env.cache);
      }
    }
  }
});

Deno.test("without a strong ETag: a broken connection goes on only with the same version", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  for (const format of formats) {
    const { url, files } = format;
    for (const headers of weak) {
      const version = answer(server, format, headers);
      const broken = (which: number, after: number): Fault => (r, normal) =>
        cutAfter(after)(r, async () => await version(which)(r, normal));
      for (const cache of [env.cache, false]) {
        // The same: it breaks four times, also before it got further.
        server.reset();
        server.fail(url, version(0), broken(0, 400_000), broken(0, 70_000));
        server.fail(url, broken(0, 900_000), broken(0, 0), version(0));
        await load(url, frontNames, { ...settings, cache }, checkpoints[0]);
        assert.equal(server.served.length, 6);
        assert.ok(server.served.slice(1).every(({ range }) => range === null));
        if (cache) await assertKept(env.cache, files[0]);
        await empty(env.cache);

        // Another: it starts over.
        server.reset();
        server.fail(url, version(0), broken(0, 900_000));
        server.fail(url, ...Array(20).fill(version(1)));
        await load(url, frontNames, { ...settings, cache }, checkpoints[1]);
        if (cache) await assertKept(env.cache, files[1]);
        await empty(env.cache);
      }
    }
  }
});

Deno.test("a strong ETag that becomes weak is another version", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const [format] = formats;
  const { url, files } = format;
  server.put(url, files[0]);
  const version = answer(server, format, { etag: 'W/"one"' });
  server.fail(url, (_, normal) => normal(), ...Array(20).fill(version(1)));
  await load(url, layer1Names, settings, checkpoints[1]);
  await assertKept(env.cache, files[1]);
});

Deno.test("parts in the cache under a date, from an earlier release, are not used", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const [{ url, files: [old, now] }] = formats;
  const cache = new FolderCache(env.cache);
  const validator = "Mon, 30 Nov 2026 00:00:00 GMT";
  const version = { url, size: old.length, validator };
  const writer = await cache.create(version, { offset: 0, end: 400_000 });
  await writer.write(old.subarray(0, 400_000));
  await writer.commit();
  server.put(url, now);
  await load(url, stemNames, settings, checkpoints[1]);
  assert.ok(server.sent > 0);
});

Deno.test("a redirect from https: to http: is refused, and not asked again", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const [{ url, files: [file] }] = formats;
  server.put(url, file);
  const at = (n: number) => `https://example.org/${n}.safetensors`;
  const to = (location: string) => status(302, { location });
  for (const last of [url.replace("https:", "http:"), "ftp://example.com/f"]) {
    server.reset();
    server.fail(at(0), to("1.safetensors"));
    server.fail(at(1), to(last));
    const { protocol } = new URL(last);
    await assert.rejects(load(at(0), stemNames, settings, checkpoints[0]), {
      message: `cannot fetch ${at(0)}: it redirects from https: to ` +
        `${protocol}; expected https:`,
    });
    assert.equal(server.served.length, 2);
    assert.deepEqual(await filesIn(env.cache), []);
  }
  server.fail(at(0), to(at(1)));
  server.fail(at(1), to(url));
  server.fail(at(0), ...Array(20).fill(to(url)));
  await load(at(0), stemNames, settings, checkpoints[0]);

  server.reset();
  server.fail(at(2), ...Array(20).fill(to(at(2))));
  await assert.rejects(load(at(2), stemNames, settings), {
    message: `cannot fetch ${at(2)}: more than 5 redirects`,
  });
  assert.equal(server.served.length, 6);
});

Deno.test("a redirect from http: may lead to https:", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const [{ url, files: [file] }] = formats;
  server.put(url, file);
  const old = url.replace("https:", "http:").replace(".com", ".org");
  server.fail(old, ...Array(20).fill(status(301, { location: url })));
  await load(old, stemNames, settings, checkpoints[0]);
});
