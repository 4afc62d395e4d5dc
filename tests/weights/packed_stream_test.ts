/** Packed weights read while they arrive. */

import assert from "node:assert/strict";
import { openCheckpoint } from "../../src/weights/open.ts";
import { writePacked } from "../../src/weights/pack.ts";
import { ByteQueue } from "../../src/formats/byte_queue.ts";
import {
  isPackedStart,
  openPackedStream,
} from "../../src/weights/packed_stream.ts";
import {
  assertSameBits,
  checkpointOf,
  fileBytes,
  rezipped,
  seededRandom,
  type Tensors,
} from "./fixtures.ts";

const random = seededRandom(1);
const values = (count: number) =>
  Float32Array.from({ length: count }, () => random(1000) - 500);
const tensors: Tensors = new Map([
  ["conv1.weight", { shape: [5, 2, 3, 3], data: values(90) }],
  ["bn1.bias", { shape: [5], data: values(5) }],
  ["layer1.weight", { shape: [40, 30, 3, 3], data: values(10_800) }],
  ["fc.weight", { shape: [2, 5], data: values(10) }],
  ["fc.bias", { shape: [2], data: values(2) }],
]);
const packed = await writePacked(checkpointOf(tensors), { dtype: "int8" });

/** The bytes in chunks, and how many were requested. */
function arriving(bytes: Uint8Array, chunk = 512, failure?: Error) {
  const state = { sent: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = bytes.subarray(state.sent, state.sent + chunk);
      state.sent += part.length;
      if (part.length > 0) controller.enqueue(part);
      else if (failure) controller.error(failure);
      else controller.close();
    },
    cancel() {
      state.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { stream, state };
}

const open = (bytes: Uint8Array, chunk?: number) =>
  openPackedStream(new ByteQueue("net.npz", arriving(bytes, chunk).stream));

Deno.test("isPackedStart recognises packed weights by their first bytes", async () => {
  assert.equal(isPackedStart(packed.subarray(0, 64)), true);
  assert.equal(isPackedStart(packed.subarray(0, 40)), false);
  assert.equal(isPackedStart(fileBytes("plain.npz").subarray(0, 64)), false);
  assert.equal(
    isPackedStart(fileBytes("state_dict.pth").subarray(0, 64)),
    false,
  );
  const lengthsBehind = await rezipped(packed, {});
  assert.equal(isPackedStart(lengthsBehind.subarray(0, 64)), false);
});

for (const chunk of [7, 1000, packed.length]) {
  Deno.test(`the same tensors as from a file, in chunks of ${chunk}`, async () => {
    const expected = await openCheckpoint(packed);
    const checkpoint = await open(packed, chunk);
    assert.deepEqual(checkpoint.tensors, expected.tensors);
    assert.deepEqual(checkpoint.metadata, expected.metadata);
    for (const name of tensors.keys()) {
      assertSameBits(
        await checkpoint.read(name),
        await expected.read(name),
        name,
      );
    }
  });
}

Deno.test("nothing is fetched before it is needed, nor after the last expected tensor", async () => {
  const { stream, state } = arriving(packed);
  const checkpoint = await openPackedStream(new ByteQueue("net.npz", stream));
  assert.ok(state.sent <= 1024, `${state.sent}`);
  checkpoint.expect!(["conv1.weight", "bn1.bias"]);
  await checkpoint.read("conv1.weight");
  assert.equal(state.cancelled, false);
  await checkpoint.read("bn1.bias");
  assert.equal(state.cancelled, true);
  assert.ok(state.sent < packed.length / 4, `${state.sent}`);
  await assert.rejects(checkpoint.read("fc.bias"), { name: "RangeError" });
});

Deno.test("tensors may be skipped, but not read afterwards", async () => {
  const checkpoint = await open(packed);
  const bias = await checkpoint.read("fc.bias");
  assertSameBits(bias, tensors.get("fc.bias")!.data, "fc.bias");
  await assert.rejects(checkpoint.read("bn1.bias"), {
    name: "RangeError",
    message:
      'cannot read "bn1.bias" of "net.npz" after "fc.bias": a stream is read once, in the file\'s order',
  });
  await assert.rejects(checkpoint.read("bn2.bias"), {
    name: "RangeError",
    message: '"net.npz" has no tensor "bn2.bias"',
  });
});

Deno.test("close cancels the stream; an error at its end is thrown", async () => {
  const { stream, state } = arriving(packed);
  const checkpoint = await openPackedStream(new ByteQueue("net.npz", stream));
  checkpoint.close();
  checkpoint.close();
  assert.equal(state.cancelled, true);

  const failure = new SyntaxError("another hash");
  const failing = await openPackedStream(
    new ByteQueue("net.npz", arriving(packed, 512, failure).stream),
  );
  await failing.read("fc.weight");
  await assert.rejects(failing.read("fc.bias"), failure);
});

Deno.test("a stream cut short or changed anywhere is rejected", async () => {
  const readAll = async (bytes: Uint8Array) => {
    const checkpoint = await open(bytes, 100);
    for (const name of tensors.keys()) await checkpoint.read(name);
  };
  await readAll(packed);
  const directory = packed.length - 22 - 60; // Less than the directory has.
  for (let round = 0; round < 200; round++) {
    await assert.rejects(
      readAll(packed.subarray(0, random(directory - 600))),
      { name: "SyntaxError", message: /^cannot read "net\.npz.*": / },
    );
    const altered = packed.slice();
    altered[random(packed.length)] ^= 1 << random(8);
    // The changed byte may be in a date, or in the directory.
    await readAll(altered).catch(({ name, message }) => {
      assert.equal(name, "SyntaxError", message);
      assert.match(message, /^cannot read "net\.npz/);
    });
  }
  const at = packed.length >> 1; // In the large filter.
  const altered = packed.slice();
  altered[at] ^= 1;
  await assert.rejects(readAll(altered), {
    name: "SyntaxError",
    message: /^cannot read "net\.npz": entry "layer1\.weight\.npy" is damaged/,
  });
});

Deno.test("an entry larger than its tensor is not unpacked", async () => {
  const altered = packed.slice();
  const view = new DataView(altered.buffer);
  // The second entry follows the first, whose compressed length is at 18.
  const second = 30 + view.getUint16(26, true) + view.getUint32(18, true);
  view.setUint32(second + 22, 2 ** 31, true);
  const checkpoint = await open(altered);
  await assert.rejects(checkpoint.read("conv1.weight"), {
    name: "SyntaxError",
    message:
      'cannot read "net.npz": entry "conv1.weight.npy" has 2147483648 bytes; expected at most 66256',
  });
});
