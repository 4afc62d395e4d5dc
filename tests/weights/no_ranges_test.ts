/** Weights from servers without byte ranges, or with wrong ones. */

import assert from "node:assert/strict";
import type { FetchProgress } from "../../src/weights/fetch/options.ts";
import { writePacked } from "../../src/weights/pack.ts";
import {
  filesIn,
  frontCheckpoint,
  frontNames,
  frontPth,
  layer1Names,
  load,
  setUp,
  stemNames,
  url,
} from "./fetch_support.ts";
import { cutAfter, slowly } from "./server.ts";

const packedUrl = "https://example.com/front.npz";
const packed = await writePacked(frontCheckpoint(), {
  dtype: "float32",
  metadata: { arch: "front" },
});

Deno.test("without ranges: the whole file once, and into the cache, if any", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  server.hasRanges = false;
  for (const cache of [env.cache, false]) {
    server.reset();
    await load(url, stemNames, { ...settings, cache });
    assert.equal(server.sent, frontPth.length);
    assert.equal(server.served.length, 1);
    server.reset();
    await load(url, frontNames, { ...settings, cache });
    assert.equal(server.served.length, cache ? 0 : 1);
  }
});

Deno.test("without ranges: a broken response resumes, a changed file starts over", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  server.hasRanges = false;
  for (const cache of [env.cache, false]) {
    server.fail(url, cutAfter(70_000), cutAfter(200_000));
    await load(url, frontNames, { ...settings, cache });

    server.put(url, frontPth.with(50_000, frontPth[50_000] ^ 1));
    server.fail(url, cutAfter(70_000), (_, normal) => {
      server.put(url, frontPth);
      return normal();
    });
    await load(url, frontNames, { ...settings, cache });
  }
});

Deno.test("packed weights, without ranges: used as they arrive, and fetched no further than needed", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  server.put(packedUrl, packed);
  server.hasRanges = false;
  for (const cache of [env.cache, false]) {
    server.reset();
    server.fail(packedUrl, slowly);
    await load(packedUrl, stemNames, { ...settings, cache });
    assert.equal(server.served.length, 1);
    assert.ok(server.sent < packed.length / 2, `${server.sent} bytes`);
    // The unfinished file is removed once the stream has ended.
    const left = async () =>
      (await filesIn(env.cache)).filter((path) => !path.endsWith(".json"));
    while ((await left()).length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  // All of it arrived, so it is cached.
  await load(packedUrl, frontNames, settings);
  server.reset();
  await load(packedUrl, stemNames, settings);
  await load(packedUrl, frontNames, settings);
  assert.equal(server.served.length, 0);
});

Deno.test("packed weights, with ranges: in parts into the cache, without a cache as one stream", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  server.put(packedUrl, packed);
  await load(packedUrl, layer1Names, settings);
  assert.ok(server.sent < packed.length / 2, `${server.sent} bytes`);
  server.reset();
  await load(packedUrl, layer1Names, settings);
  assert.equal(server.served.length, 0);

  const events: FetchProgress[] = [];
  const onProgress = (event: FetchProgress) => events.push(event);
  server.fail(packedUrl, (_, normal) => normal(), cutAfter(100_000));
  const uncached = { ...settings, cache: false, onProgress };
  await load(packedUrl, frontNames, uncached);
  assert.deepEqual(server.served.map(({ status }) => status), [206, 206, 206]);
  const { loaded, total, check } = events.at(-1)!;
  assert.deepEqual([loaded, total, check], [
    packed.length,
    packed.length,
    "crc32",
  ]);
});

Deno.test("a server that sends less, more or something else than requested", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const range = (offset: number, length: number, size = frontPth.length) =>
    new Response(frontPth.slice(offset, offset + length), {
      status: 206,
      headers: {
        etag: '"one"',
        "content-range": `bytes ${offset}-${offset + length - 1}/${size}`,
      },
    });
  const offsetOf = ({ headers }: Request) =>
    Number(/\d+/.exec(headers.get("range")!)![0]);
  const always = <T>(fault: T) => Array.from({ length: 20 }, () => fault);
  const cases = [
    [
      (request: Request) => range(offsetOf(request), 100),
      `cannot fetch ${url}: the connection ended after 500 of 32768 bytes`,
    ],
    [
      () => range(0, 40_000),
      `cannot fetch ${url}: the server sends more than the file's length`,
    ],
    [
      (request: Request) =>
        offsetOf(request) === 0 ? range(0, 32768) : range(7, 100),
      `cannot fetch ${url}: the server sends other bytes than requested`,
    ],
    [
      (request: Request) =>
        offsetOf(request) === 0 ? range(0, 32768) : range(40_000, 100, 50_000),
      `cannot read ${url}: it changed on the server meanwhile; load it again`,
    ],
  ] as const;
  for (const [fault, message] of cases) {
    server.fail(url, ...always(fault));
    await assert.rejects(load(url, layer1Names, settings), { message });
    server.reset();
    await load(url, layer1Names, settings);
    await Deno.remove(env.cache, { recursive: true });
    await Deno.mkdir(env.cache);
  }
});

Deno.test("an empty file, and a range that a browser can't see", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const empty = "https://example.com/empty.pth";
  server.put(empty, new Uint8Array());
  await assert.rejects(load(empty, stemNames, settings), {
    name: "SyntaxError",
    message: `cannot read "${empty}": it is empty; expected weights: a .pth, ` +
      ".safetensors or .npz file",
  });
  assert.deepEqual(await filesIn(env.cache), []);

  server.fail(url, async (_, normal) => {
    const { body, status } = await normal();
    return new Response(body, { status });
  });
  await load(url, stemNames, settings);
  assert.deepEqual(
    server.served.map(({ status }) => status).slice(-2),
    [206, 200],
  );
});
