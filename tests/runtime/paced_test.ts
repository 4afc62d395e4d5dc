/** Bodies: what they cost, and how slow they may be. */

import assert from "node:assert/strict";
import { collect, GrowingBytes } from "../../src/runtime/growing_bytes.ts";
import { paced, TooSlowError } from "../../src/runtime/paced.ts";

/** A stream of chunks, each a view of a large buffer, as a network's are. */
function views(count: number, length: number, pause = 0) {
  let i = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (i++ === count) return controller.close();
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      controller.enqueue(new Uint8Array(1 << 16).subarray(0, length).fill(i));
    },
  }, { highWaterMark: 0 });
}

Deno.test("bytes are copied out of the chunks' buffers", async () => {
  const bytes = await collect(paced(views(3000, 1), 5));
  assert.equal(bytes.buffer.byteLength, 3000);
  assert.deepEqual([...bytes.subarray(254, 257)], [255, 0, 1]);
  const exact = new GrowingBytes(5);
  for (let i = 0; i < 5; i++) exact.append(Uint8Array.of(i));
  assert.equal(exact.length, 5);
  assert.deepEqual(exact.take(), Uint8Array.of(0, 1, 2, 3, 4));
  assert.deepEqual(exact.take(), new Uint8Array());
});

Deno.test("a stream of bytes is read into one buffer; a chunk is the reader's", async () => {
  const buffers = new Set<number>();
  let i = 0;
  const stream = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 1 << 16,
    pull(controller) {
      const { byobRequest } = controller;
      const view = byobRequest?.view as Uint8Array;
      assert(view.byteLength > 0);
      buffers.add(view.byteLength);
      if (i === 3000) controller.close();
      const length = i++ === 3000 ? 0 : i % 1000 === 0 ? 50_000 : 1;
      view.fill(i, 0, length);
      byobRequest!.respond(length);
    },
  });
  const chunks = await Array.fromAsync(paced(stream, 5));
  assert.equal(chunks.length, 3000);
  for (const [i, chunk] of chunks.entries()) {
    const length = (i + 1) % 1000 === 0 ? 50_000 : 1;
    assert.equal(chunk.length, length);
    assert(chunk.every((byte) => byte === (i + 1) % 256));
    assert(chunk.buffer.byteLength <= 2 * length);
  }
  assert.deepEqual([...buffers], [1 << 16]);
});

Deno.test("a body that stops, and one that trickles for ever", async () => {
  const stopped = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(1e6)),
  });
  await assert.rejects(collect(paced(stopped, 0.05)), TooSlowError);
  await assert.rejects(
    collect(paced(views(Infinity, 1, 20), 0.1)),
    TooSlowError,
  );
});

Deno.test("bytes buy time, and a slow reader costs none", async () => {
  // 20 kB every 50 ms: in 0.4 s, four times the 0.1 s, but faster than 100 kB/s.
  const body = paced(views(8, 20_000, 50), 0.1);
  assert.equal((await collect(body)).length, 160_000);
  let count = 0;
  for await (const _ of paced(views(4, 1), 0.05)) {
    await new Promise((resolve) => setTimeout(resolve, 80));
    count++;
  }
  assert.equal(count, 4);
});

Deno.test("a time limit ends a body whose chunks never wait", async () => {
  let chunks = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks++;
      controller.enqueue(new Uint8Array(1));
    },
  });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(async () => {
    for await (const _ of paced(endless, 5, signal));
  }, { name: "TimeoutError" });
  const before = chunks;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(chunks, before, "it is cancelled");
});
