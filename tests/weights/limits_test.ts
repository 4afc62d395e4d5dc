/** Weights that are too large, and servers that stall: limits of bytes and time. */

import assert from "node:assert/strict";
import { openCheckpoint } from "../../src/weights/mod.ts";
import { frontNames, frontPth, load, setUp, url } from "./fetch_support.ts";
import type { Fault } from "./server.ts";

/** Sends this many bytes of the body, then nothing. */
function stallAfter(length: number): Fault {
  return async (_, normal) => {
    const response = await normal();
    const start = (await response.bytes()).subarray(0, length);
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(start),
    });
    return new Response(body, response);
  };
}

/** Answers after a while. */
const late: Fault = async (_, normal) => {
  await new Promise((resolve) => setTimeout(resolve, 600));
  return await normal();
};

Deno.test("servers that stall or hang are asked again, and each byte is fetched once", async () => {
  await using env = await setUp();
  const { server } = env;
  const settings = { ...env.settings, bodySeconds: 0.2, answerSeconds: 0.3 };
  server.fail(url, late, stallAfter(10_000), stallAfter(5));
  await load(url, frontNames, settings);
  await new Promise((resolve) => setTimeout(resolve, 700)); // The late answer.
});

Deno.test("a server that only ever stalls is given up", async () => {
  await using env = await setUp();
  const { server } = env;
  const settings = { ...env.settings, bodySeconds: 0.05 };
  server.fail(url, ...Array(9).fill(stallAfter(0)));
  await assert.rejects(
    load(url, frontNames, settings),
    /cannot fetch .*front.pth: nothing arrived for 0.05 seconds/,
  );
  assert.equal(server.served.length, 5);
});

Deno.test("maxBytes: refused by the length, or as soon as there are more", async () => {
  await using env = await setUp();
  const { server } = env;
  const maxBytes = 100_000;
  const settings = { ...env.settings, maxBytes };
  await assert.rejects(
    load(url, frontNames, settings),
    new RegExp(`it has ${frontPth.length} bytes; maxBytes is 100000`),
  );
  assert.ok(server.sent <= 1 << 16, `${server.sent} bytes`);
  server.reset();
  let sent = 0;
  server.fail(url, () => {
    const endless = new ReadableStream({
      pull(controller) {
        sent += 10_000;
        controller.enqueue(frontPth.subarray(0, 10_000));
      },
    });
    return new Response(endless);
  });
  await assert.rejects(
    load(url, frontNames, settings),
    /it has more than 100000 bytes; maxBytes is 100000/,
  );
  // What the sockets' buffers took was sent, too: some megabytes.
  assert.ok(sent < 200 * maxBytes, `${sent} bytes`);
});

Deno.test("maxBytes: a file on disk", async () => {
  const path = "tests/data/weights/state_dict.pth";
  const { size } = await Deno.stat(path);
  await assert.rejects(openCheckpoint(path, { maxBytes: size - 1 }), {
    name: "RangeError",
    message: `cannot open "${path}": it has ${size} bytes; maxBytes is ${
      size - 1
    }`,
  });
  (await openCheckpoint(path, { maxBytes: size })).close();
});
