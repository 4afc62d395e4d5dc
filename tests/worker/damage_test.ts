// stock: no, it tests the protocol, not the kernels
/** Damaged streams of requests: the worker answers all that came before, then throws. */

import * as arrow from "@apache-arrow/esnext-esm";
import assert from "node:assert/strict";
import { concat } from "../../src/formats/concat.ts";
import { createModel } from "../../mod.ts";
import { runWorker } from "../../src/worker/mod.ts";
import { pictures, tiny } from "../extract/support.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import {
  readAnswers,
  requestBytes,
  requestFrames,
  streamOf,
} from "./support.ts";

const content = await Deno.readFile(pictures[3]);
const model = await createModel(tiny, "maxpool", formulaCheckpoint(tiny));
const picture = { path: "rocket.jpg", content };

/** Runs a worker on a stream: how many pictures it answers, and what it throws. */
async function take(
  bytes: Uint8Array<ArrayBuffer>,
  maxBytes?: number,
): Promise<{ answered: number; error?: Error }> {
  const pieces: Uint8Array[] = [];
  const write = (piece: Uint8Array) => void pieces.push(piece.slice());
  const options = { pool: "avg", maxBytes } as const;
  let error: Error | undefined;
  try {
    await runWorker(model, ["maxpool"], streamOf(bytes), write, options);
  } catch (thrown) {
    error = thrown as Error;
  }
  const end = new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]);
  // An end mark would mean success.
  if (error) assert.notDeepEqual(pieces.at(-1), end);
  const answers = readAnswers(concat(error ? [...pieces, end] : pieces));
  return { answered: answers.flat().length, error };
}

Deno.test("a stream that ends inside a frame", async () => {
  const [schema, one, two] = requestFrames([[picture], [picture]]);
  for (
    const [length, answered] of [
      [1, 0],
      [7, 0],
      [schema.length - 1, 0],
      [schema.length + 3, 0],
      [schema.length + one.length - 1, 0],
      [schema.length + one.length + 5, 1],
      [schema.length + one.length + two.length / 2 | 0, 1],
    ]
  ) {
    const bytes = concat([schema, one, two]).subarray(0, length).slice();
    const { answered: found, error } = await take(bytes);
    assert.equal(found, answered, `${length} bytes`);
    assert(error instanceof SyntaxError, `${length} bytes`);
    assert.equal(
      error.message,
      `cannot read "input": it is cut short at byte ${length}`,
    );
  }
});

Deno.test("a stream that ends between two frames", async () => {
  const frames = requestFrames([[picture], [picture]]).slice(0, -1);
  assert.deepEqual(await take(concat(frames)), {
    answered: 2,
    error: undefined,
  });
});

Deno.test("a frame that is too large is rejected before it arrives", async () => {
  const [schema, one] = requestFrames([[picture]]);
  const claim = new Uint8Array([255, 255, 255, 255, 255, 255, 255, 127]);
  const { answered, error } = await take(concat([schema, one, claim]));
  assert.equal(answered, 1);
  assert(error instanceof RangeError);
  assert.equal(
    error.message,
    "request: expected at most 268435456 bytes, got 2147483647; raise maxBytes",
  );

  // The same in the metadata: a body of 2 GiB.
  const body = new Uint8Array(one);
  const view = new DataView(body.buffer);
  const metadata = view.getUint32(4, true);
  const length = body.length - 8 - metadata;
  let places = 0;
  for (let at = 8; at + 8 <= 8 + metadata; at++) {
    if (view.getBigInt64(at, true) !== BigInt(length)) continue;
    view.setBigInt64(at, 2n ** 31n, true);
    places++;
  }
  assert(places > 0);
  const huge = await take(concat([schema, one, body]));
  assert.equal(huge.answered, 1);
  assert.match(huge.error!.message, / got 21474\d+; /);

  const small = await take(requestBytes([[picture]]), 10_000);
  assert.match(small.error!.message, / at most 10000 bytes, /);
});

Deno.test("lengths in the metadata that exceed it", async () => {
  const frames = requestFrames([[picture]]);
  const damaged = async (frame: number, at: number, value: number) => {
    const copies = frames.map((bytes) => bytes.slice());
    new DataView(copies[frame].buffer).setInt32(at, value, true);
    return (await take(concat(copies))).error;
  };
  // A schema's three fields; a batch's three columns and eight buffers.
  for (const [frame, lengths] of [[0, [3]], [1, [3, 8]]] as const) {
    const view = new DataView(frames[frame].slice().buffer);
    for (const length of lengths) {
      let found = 0;
      for (let at = 8; at < 8 + view.getUint32(4, true); at += 4) {
        if (view.getInt32(at, true) !== length) continue;
        for (const value of [-1, 100, 2 ** 31 - 1]) {
          const error = await damaged(frame, at, value);
          if (error?.message.endsWith("is damaged")) found++;
          else if (error) assert.match(error.message, /^cannot read |^request/);
        }
      }
      assert(found >= 3, `${length} in frame ${frame}: ${found}`);
    }
  }
});

Deno.test("other bytes than an Arrow stream, or other columns", async () => {
  const text = new TextEncoder().encode('{"path":"a.png"}\n');
  assert.equal(
    (await take(text)).error?.message,
    'cannot read "input": expected a frame of an Arrow stream at byte 0; ' +
      'for JSON Lines choose the protocol "jsonl"',
  );
  // Answers instead of requests.
  const answers = new arrow.Table({
    path: arrow.vectorFromArray(["a.png"], new arrow.Utf8()),
    content: arrow.vectorFromArray([[1, 2]]),
  });
  const { answered, error } = await take(
    arrow.tableToIPC(answers, "stream").slice(),
  );
  assert.equal(answered, 0);
  assert.equal(
    error?.message,
    "request batch: expected columns {path: Utf8, content: Binary}, got " +
      "{path: Utf8, content: List<Float64>}",
  );
});

Deno.test("a batch with random offsets", async () => {
  const [schema, one, end] = requestFrames([[picture, picture]]);
  const body = 8 + new DataView(one.slice().buffer).getUint32(4, true);
  let state = 1;
  const random = (n: number) => {
    state = (Math.imul(state, 48271) >>> 0) % 0x7fffffff;
    return state % n;
  };
  let changed = 0;
  for (let i = 0; i < 20; i++) {
    const damaged = one.slice();
    for (let k = 0; k < 8; k++) damaged[body + random(96)] = random(256);
    const { answered, error } = await take(concat([schema, damaged, end]));
    if (error) assert(error instanceof SyntaxError, error.stack);
    else assert.equal(answered, 2);
    changed++;
  }
  assert.equal(changed, 20);
});
