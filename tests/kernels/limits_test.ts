/** What is too large for WebAssembly's memory is refused in words, and leaves everything as it was. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel } from "../../mod.ts";
import { leaveRoom, soakLimits } from "../../scripts/soak_limits.ts";
import { Heap } from "../../src/kernels/heap.ts";
import { maxBlockBytes } from "../../src/runtime/guard_malloc.ts";
import { tensorTest } from "../support/leaks.ts";

tensorTest("sizes are checked before they become 32-bit integers", async () => {
  const heap = new Heap();
  const before = heap.memory.buffer.byteLength;
  const sizes = [2 ** 31, 2 ** 32 - 100, 2 ** 32 + 5, 1e15, Infinity, NaN];
  for (const bytes of sizes) {
    assert.throws(() => heap.allocate(bytes), {
      name: "RangeError",
      message: /^cannot allocate/,
    });
    assert(!heap.hasRoom([bytes]), `${bytes}`);
  }
  assert.throws(() => heap.weights(2 ** 30), RangeError);
  assert.throws(() => heap.output([1 << 10, 1 << 10, 1 << 10]), RangeError);
  assert.throws(
    () => heap.allocateAll([10, maxBlockBytes + 1]),
    RangeError,
  );
  assert.equal(heap.memory.buffer.byteLength, before);
  await Promise.resolve();
});

tensorTest(
  "memory that is full is refused, and works again when it isn't",
  async () => {
    const heap = new Heap();
    {
      using _ballast = await leaveRoom(100e6);
      assert.throws(() => heap.allocate(200e6), {
        name: "RangeError",
        message: /is full and can't grow/,
      });
      assert(!heap.hasRoom([50e6, 200e6]));
      assert(heap.hasRoom([10e6]));
    }
    assert(heap.hasRoom([200e6]));
  },
);

tensorTest(
  "a batch that is too large says what it takes and which one fits",
  async () => {
    using model = await createModel("mlnet_resnet18", "layer1", true);
    using _ballast = await leaveRoom(250e6);
    const x: tf.Tensor4D = tf.zeros([60, 224, 224, 3]);
    let message = "";
    assert.throws(() => model.forward(x), (error: Error) => {
      message = error.message;
      return error instanceof RangeError;
    });
    const [, needed, batch] =
      /^expected an input that fits .*, got \[60, 224, 224, 3\], which takes (.*) GB to compute; the largest batch of this size that fits is (\d+)$/
        .exec(message)!;
    assert(Number(needed) > 0.2 && Number(needed) < 0.6, message);
    const fitting: tf.Tensor4D = tf.zeros([Number(batch), 224, 224, 3]);
    model.forward(fitting).dispose();
    tf.dispose([x, fitting]);
  },
);

tensorTest("a picture that is too large says so", async () => {
  using model = await createModel("mlnet_resnet18", "layer1", true);
  using _ballast = await leaveRoom(250e6);
  const x: tf.Tensor4D = tf.zeros([1, 1700, 1700, 3]);
  assert.throws(() => model.forward(x), {
    name: "RangeError",
    message: /GB to compute; not even a batch of 1 fits, so make it smaller$/,
  });
  x.dispose();
});

tensorTest("a hook's pass is refused before its first step", async () => {
  using model = await createModel("mlnet_resnet18", "layer1", true);
  let calls = 0;
  model.registerForwardHook("conv1", () => void calls++);
  using _ballast = await leaveRoom(250e6);
  const x: tf.Tensor4D = tf.zeros([60, 224, 224, 3]);
  assert.throws(() => model.forward(x), RangeError);
  assert.equal(calls, 0);
  x.dispose();
});

tensorTest("weights that don't fit leave nothing behind", async () => {
  using _ballast = await leaveRoom(60e6);
  const { numBytes } = tf.memory();
  await assert.rejects(() => createModel("resnet34"), {
    name: "RangeError",
    message: /^cannot allocate/,
  });
  assert.equal(tf.memory().numBytes, numBytes);
  using small = await createModel("mlnet_resnet18", "layer1", true);
  const x: tf.Tensor4D = tf.zeros([1, 32, 32, 3]);
  small.forward(x).dispose();
  x.dispose();
});

tensorTest(
  "random shapes around the limit answer or are refused, and change no bit",
  async () => {
    const { answered, refused } = await soakLimits(12, 5, 200e6);
    assert(answered > 0 && refused > 0, `${answered} and ${refused}`);
  },
);
