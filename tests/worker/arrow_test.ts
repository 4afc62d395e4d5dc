/** Arrow requests: what a stream costs, and offsets that lead elsewhere. */

import * as arrow from "@apache-arrow/esnext-esm";
import assert from "node:assert/strict";
import { concat } from "../../src/formats/concat.ts";
import { arrowProtocol } from "../../src/worker/arrow_protocol.ts";
import { requestBytes, requestFrames, streamOf } from "./support.ts";

const { requests } = await arrowProtocol({
  columns: [],
  maxBytes: 2 ** 28,
  timings: false,
  about: {},
});

Deno.test("the schema is read once a stream, and 10,000 rows at once", async () => {
  const picture = { path: "a", content: new Uint8Array([1, 2]) };
  const counted = arrow.Schema as unknown as {
    decode(...given: unknown[]): unknown;
  };
  const { decode } = counted;
  let schemas = 0;
  counted.decode = (...given) => {
    schemas++;
    return decode.apply(counted, given);
  };
  try {
    const many = Array.from({ length: 10_000 }, () => picture);
    const bytes = requestBytes([many, ...Array(49).fill([picture])]);
    schemas = 0;
    const lengths: number[] = [];
    for await (const request of requests(streamOf(bytes))) {
      lengths.push(request.length);
    }
    assert.deepEqual(lengths, [10_000, ...Array(49).fill(1)]);
    assert(schemas <= 1, `${schemas} schemas`);
  } finally {
    counted.decode = decode;
  }
});

Deno.test("offsets and lengths beyond their buffers", async () => {
  const frames = requestFrames([[
    { path: "a.png", content: new Uint8Array(100).fill(7) },
    { path: "b.png", content: new Uint8Array(60).fill(7) },
  ]]);
  const error = async (batch: Uint8Array) => {
    const stream = streamOf(concat([frames[0], batch, frames[2]]));
    try {
      for await (const rows of requests(stream)) assert.equal(rows.length, 2);
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(await error(frames[1]), undefined);
  const metadata = new DataView(frames[1].slice().buffer).getUint32(4, true);
  // The offsets 0, 5, 10 of the names, and 0, 100, 160 of the contents.
  for (const offsets of [[0, 5, 10], [0, 100, 160]]) {
    const places: number[] = [];
    const view = new DataView(frames[1].slice().buffer);
    for (let at = 8 + metadata; at + 12 <= frames[1].length; at += 4) {
      const found = [0, 4, 8].map((i) => view.getInt32(at + i, true));
      if (`${found}` === `${offsets}`) places.push(at);
    }
    assert.equal(places.length, 1);
    for (const [i, value] of [[2, 1 << 30], [2, -1], [1, 1000], [0, -4]]) {
      const copy = frames[1].slice();
      new DataView(copy.buffer).setInt32(places[0] + 4 * i, value, true);
      assert.match(
        await error(copy) ?? "",
        /^cannot read "input": offsets of "\w+" lead beyond its buffers$/,
      );
    }
  }
  // Buffers beyond the body: every 8 bytes of the metadata that hold a buffer's length.
  let refused = 0;
  const view = new DataView(frames[1].slice().buffer);
  for (let at = 8; at + 8 <= 8 + metadata; at += 4) {
    if (![160n, 10n, 12n].includes(view.getBigInt64(at, true))) continue;
    for (const value of [1n << 40n, -1n, 5000n]) {
      const copy = frames[1].slice();
      new DataView(copy.buffer).setBigInt64(at, value, true);
      const message = await error(copy);
      assert.match(message ?? "", /is damaged|beyond its buffers|request: /);
      refused++;
    }
  }
  assert(refused >= 3, `${refused}`);
});
