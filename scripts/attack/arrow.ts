/**
 * Arrow streams for the worker: many columns, and lengths that lead elsewhere.
 *
 * @module
 */

import * as arrow from "@apache-arrow/esnext-esm";
import assert from "node:assert/strict";
import { concat } from "../../src/formats/concat.ts";
import {
  readAnswers,
  requestBytes,
  requestFrames,
} from "../../tests/worker/support.ts";
import type { Attack, Target } from "./attack.ts";

const content = await Deno.readFile("examples/images/rocket.jpg");
const picture = { path: "rocket.jpg", content };

const worker = [
  "worker",
  "--layer",
  "conv1",
  "--pool",
  "avg",
  "--threads",
  "1",
];

/** A stream of batches of one picture, with columns that nobody needs. */
export function wideStream(columns: number, batches: number): Uint8Array {
  const names = Array.from({ length: columns }, (_, i) => `column${i}`);
  const fields = [
    new arrow.Field("path", new arrow.Utf8(), false),
    new arrow.Field("content", new arrow.Binary(), true),
    ...names.map((name) => new arrow.Field(name, new arrow.Float32(), true)),
  ];
  const children = [
    arrow.vectorFromArray(["x.jpg"], new arrow.Utf8()).data[0],
    arrow.vectorFromArray([Uint8Array.of(1)], new arrow.Binary()).data[0],
    ...names.map(() =>
      arrow.makeData({
        type: new arrow.Float32(),
        length: 1,
        data: new Float32Array(1),
      })
    ),
  ];
  const schema = new arrow.Schema(fields);
  const data = arrow.makeData({
    type: new arrow.Struct(fields),
    length: 1,
    children: children as never,
  });
  const batch = new arrow.RecordBatch(schema, data as never);
  return arrow.tableToIPC(
    new arrow.Table(schema, Array(batches).fill(batch)),
    "stream",
  );
}

const good = async (target: Target) => {
  const answers = await target.succeed(worker, requestBytes([[picture]]));
  assert.equal(readAnswers(answers).flat().length, 1);
};

/** Attacks by Arrow streams. */
export const arrowStreams: readonly Attack[] = [
  {
    name: "10,000 columns in 50 batches",
    target: "command",
    async good(target) {
      await target.succeed(worker, wideStream(10_000, 5));
    },
    async bad(target) {
      const answers = await target.succeed(worker, wideStream(10_000, 50));
      assert.equal(readAnswers(answers).length, 50);
      return "1 schema, 50 batches";
    },
  },
  {
    name: "offsets and lengths beyond their buffers",
    target: "command",
    isShort: true,
    good,
    async bad(target) {
      const [schema, batch, end] = requestFrames([[picture, picture]]);
      const start = 8 + new DataView(batch.slice().buffer).getUint32(4, true);
      let refused = 0;
      for (const at of [4, 8]) {
        const damaged = batch.slice();
        new DataView(damaged.buffer).setInt32(start + at, 0x7ffffff0, true);
        const stream = concat([schema, damaged, end]);
        await target.refuse(worker, /lead beyond its buffers|damaged/, stream);
        refused++;
      }
      return `${refused} streams refused`;
    },
  },
  {
    name: "a frame that claims 2 GB",
    target: "command",
    isShort: true,
    good,
    async bad(target) {
      const [schema] = requestFrames([[picture]]);
      const claim = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127);
      await target.refuse(
        worker,
        /at most 268435456 bytes, got 2147483647/,
        concat([schema, claim]),
      );
      return "8 bytes read";
    },
  },
];
