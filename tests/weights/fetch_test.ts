/** Weights over the network, from a local server that fails in every way it can. */

import assert from "node:assert/strict";
import type { FetchProgress } from "../../src/weights/fetch/options.ts";
import {
  assertSentOnce,
  filesIn,
  frontNames,
  frontPth,
  layer1Names,
  load,
  setUp,
  stemNames,
  url,
} from "./fetch_support.ts";
import { corrupted, cutAfter, status } from "./server.ts";

Deno.test("a whole file: fetched once, in one request; then not at all", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  await load(url, frontNames, settings);
  assert.equal(server.sent, frontPth.length);
  assertSentOnce(server.served);
  assert.ok(server.served.length <= 4, `${server.served.length} requests`);
  const [kept, ...others] = (await filesIn(env.cache))
    .filter((path) => !path.endsWith("source.json"));
  assert.deepEqual(await Deno.readFile(kept), frontPth);
  assert.deepEqual(others, []);
  server.reset();
  await load(url, frontNames, settings);
  assert.equal(server.served.length, 0);
});

Deno.test("the front of a file: only that; then nothing; then only the missing part", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  await load(url, layer1Names, settings);
  assert.ok(server.sent < frontPth.length / 2, `${server.sent} bytes`);
  const served = [...server.served];
  server.reset();
  await load(url, stemNames, settings);
  await load(url, layer1Names, settings);
  assert.equal(server.served.length, 0);
  await load(url, frontNames, settings);
  assertSentOnce([...served, ...server.served]);
  const sent = served.reduce((sum, { sent }) => sum + sent, server.sent);
  assert.equal(sent, frontPth.length);
});

Deno.test("without a cache: each byte once, every time", async () => {
  await using env = await setUp();
  const { server } = env;
  for (const _ of [1, 2]) {
    server.reset();
    await load(url, frontNames, { ...env.settings, cache: false });
    assertSentOnce(server.served);
    assert.equal(server.sent, frontPth.length);
  }
  assert.deepEqual(await filesIn(env.cache), []);
});

Deno.test("progress: bytes so far, bytes in all, and the check", async () => {
  await using env = await setUp();
  for (const names of [layer1Names, frontNames]) {
    const events: FetchProgress[] = [];
    const onProgress = (event: FetchProgress) => events.push(event);
    await load(url, names, { ...env.settings, onProgress, cache: false });
    let loaded = 0;
    for (const event of events) {
      assert.equal(event.source, url);
      assert.ok(event.loaded > loaded && event.loaded <= (event.total ?? 1e9));
      loaded = event.loaded;
    }
    const last = events.at(-1)!;
    assert.equal(last.loaded, last.total);
    assert.equal(last.check, "crc32");
  }
});

Deno.test("a broken connection resumes where it broke", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  for (const cache of [env.cache, false]) {
    server.reset();
    // The first response twice, a later one twice.
    server.fail(url, cutAfter(70_000), cutAfter(20_000));
    server.fail(url, (_, normal) => normal(), cutAfter(9_000), cutAfter(1));
    await load(url, frontNames, { ...settings, cache });
    const resumed = server.served.filter(({ ifRange }) => ifRange !== null);
    assert.ok(resumed.length >= 3, `${resumed.length} resumed`);
    assert.ok(resumed.every(({ status }) => status === 206));
    const again = server.sent - frontPth.length;
    assert.ok(again < 300_000, `${again} bytes were sent again`);
  }
});

Deno.test("a busy server gets a few more attempts", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const retryAfter = { "retry-after": "0.001" };
  server.fail(url, status(503), status(429, retryAfter), status(500));
  await load(url, stemNames, settings);

  const other = "https://example.com/busy.pth";
  server.reset();
  server.fail(other, ...Array.from({ length: 9 }, () => status(502)));
  await assert.rejects(load(other, stemNames, settings), {
    message: `cannot fetch ${other}: HTTP 502 Bad Gateway`,
  });
  assert.equal(server.served.length, 5);
});

Deno.test("without a connection: the error has the URL", async () => {
  await using env = await setUp();
  const fetch = () => Promise.reject(new TypeError("network down"));
  await assert.rejects(load(url, stemNames, { ...env.settings, fetch }), {
    message: `cannot fetch ${url}: network down`,
  });
});

Deno.test("404 says what to check, and gets no second attempt", async () => {
  await using env = await setUp();
  const absent = "https://example.com/absent.pth";
  await assert.rejects(load(absent, stemNames, env.settings), {
    message: `cannot fetch ${absent}: HTTP 404 Not Found; check the URL`,
  });
  assert.equal(env.server.served.length, 1);
  assert.deepEqual(await filesIn(env.cache), []);
});

Deno.test("redirects are followed", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const moved = "https://example.org/moved.pth";
  const redirect = status(302, { location: url });
  server.fail(moved, ...Array.from({ length: 99 }, () => redirect));
  await load(moved, layer1Names, settings);
  server.reset();
  await load(moved, layer1Names, settings);
  assert.equal(server.served.length, 0);
});

Deno.test("damaged in transit: an error, and fetched again next time", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  for (const names of [stemNames, frontNames]) {
    // In the first response, in the values of conv1.weight or before.
    server.fail(url, corrupted(20_000));
    await assert.rejects(load(url, names, settings), {
      name: "SyntaxError",
      message: /cannot read "https:\/\/example\.com\/front\.pth/,
    });
    assert.deepEqual(await filesIn(env.cache), []);
    await load(url, names, settings);
    await Deno.remove(env.cache, { recursive: true });
    await Deno.mkdir(env.cache);
  }
});

Deno.test("damaged on disk: detected, and fetched again", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const damages: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array)[] = [
    (bytes) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1] ^ 1),
    (bytes) => bytes.subarray(0, -1),
    () => new Uint8Array(),
  ];
  for (const names of [layer1Names, frontNames]) {
    await load(url, names, settings);
    for (const damage of damages) {
      for (const path of await filesIn(env.cache)) {
        if (path.endsWith(".json")) continue;
        await Deno.writeFile(path, damage(await Deno.readFile(path)));
      }
      server.reset();
      await load(url, names, settings);
      assert.ok(server.sent > 0);
      server.reset();
      await load(url, names, settings);
      assert.equal(server.sent, 0);
    }
  }
});

Deno.test("an abort ends a load at once and leaves nothing in the cache", async () => {
  await using env = await setUp();
  const { server } = env;
  for (const cache of [env.cache, false]) {
    // A server that sends a part of the response, then nothing.
    const controller = new AbortController();
    const slow = async (_: Request, normal: () => Promise<Response>) => {
      const reader = (await normal()).body!.getReader();
      const { value } = await reader.read();
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(value!.subarray(0, 5_000)),
        cancel: () => reader.cancel(),
      });
      setTimeout(() => controller.abort(new Error("enough")), 20);
      return new Response(body, { status: 206, headers: rangeHeaders });
    };
    const rangeHeaders = {
      etag: '"one"',
      "content-range": `bytes 0-32767/${frontPth.length}`,
    };
    server.fail(url, slow);
    const { signal } = controller;
    const settings = { ...env.settings, cache, signal };
    server.served.length = 0;
    await assert.rejects(load(url, frontNames, settings), {
      message: "enough",
    });
    assert.equal(server.served.length, 1, "no second attempt");
    assert.deepEqual(
      (await filesIn(env.cache)).filter((path) => !path.endsWith(".json")),
      [],
    );
  }
});

Deno.test("an abort ends the wait between two attempts, or comes before the first", async () => {
  await using env = await setUp();
  env.server.fail(url, status(503));
  const controller = new AbortController();
  const { signal } = controller;
  const settings = { ...env.settings, signal, retryDelay: () => 60_000 };
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(load(url, stemNames, settings), { name: "AbortError" });
  env.server.reset();
  await assert.rejects(load(url, stemNames, settings), { name: "AbortError" });
  assert.equal(env.server.served.length, 0);
});

Deno.test("a file that changes meanwhile is loaded again", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  const longer = new Uint8Array([...frontPth, 0]);
  for (const old of [frontPth, longer]) {
    for (const cache of [env.cache, false]) {
      server.put(url, old);
      const change = (_: Request, normal: () => Promise<Response>) => {
        server.put(url, frontPth);
        return normal();
      };
      server.reset();
      server.fail(url, (_, normal) => normal(), change);
      await load(url, layer1Names, { ...settings, cache });
      const starts = server.served
        .filter(({ range }) => range?.startsWith("bytes=0-"));
      assert.equal(starts.length, 2);
      await Deno.remove(env.cache, { recursive: true });
      await Deno.mkdir(env.cache);
    }
  }
});

Deno.test("cached parts of a file don't mix with a later one", async () => {
  await using env = await setUp();
  const { server, settings } = env;
  await load(url, stemNames, settings);
  server.put(url, frontPth, `"later"`);
  server.reset();
  // Cached parts are used as long as they suffice.
  await load(url, stemNames, settings);
  assert.equal(server.served.length, 0);
  await load(url, layer1Names, settings);
  assert.ok(server.served.some(({ range }) => range?.startsWith("bytes=0-")));
  const sources = (await filesIn(env.cache))
    .filter((path) => path.endsWith(".json"));
  assert.equal(sources.length, 1);
  assert.match(await Deno.readTextFile(sources[0]), /later/);
});
