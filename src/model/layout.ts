/**
 * Layouts of tensors: tfjs's and PyTorch's.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { asIs, expected } from "../errors/expected.ts";

/**
 * Converts tfjs's layout to PyTorch's: `[N, H, W, C]` to `[N, C, H, W]`.
 *
 * `flatten` and `fc` are `[N, C]` in both layouts; for them the result is a clone.
 *
 * @param x A node's value; it stays the caller's.
 * @returns A new tensor, which belongs to the caller.
 * @throws {TypeError} If the tensor has neither 4 nor 2 dimensions.
 *
 * @example Features as PyTorch has them
 * ```ts
 * import { createModel, toNCHW } from "@layertap/resnet";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18", "layer1");
 * const maps = toNCHW(model.forward(tf.zeros([1, 32, 48, 3])));
 * assert.deepEqual(maps.shape, [1, 64, 8, 12]);
 * ```
 */
export function toNCHW(x: Tensor): Tensor {
  requireTensor(x, "toNCHW");
  switch (x.rank) {
    case 2:
      return x.clone();
    case 4:
      return tf.transpose(x, [0, 3, 1, 2]);
    default:
      throw new TypeError(
        expected("toNCHW", "[N, H, W, C] or [N, C]", x.shape),
      );
  }
}

/**
 * Converts PyTorch's layout to tfjs's: `[N, C, H, W]` to `[N, H, W, C]`.
 *
 * @param x A batch of pictures or feature maps; it stays the caller's.
 * @returns A new tensor, which belongs to the caller.
 * @throws {TypeError} If the tensor doesn't have 4 dimensions.
 *
 * @example A batch in PyTorch's layout
 * ```ts
 * import { fromNCHW, startBackend } from "@layertap/resnet";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * await startBackend();
 * assert.deepEqual(fromNCHW(tf.zeros([2, 3, 190, 257])).shape, [2, 190, 257, 3]);
 * ```
 */
export function fromNCHW(x: Tensor): Tensor4D {
  requireTensor(x, "fromNCHW");
  if (x.rank !== 4) {
    throw new TypeError(expected("fromNCHW", "[N, C, H, W]", x.shape));
  }
  return tf.transpose(x as Tensor4D, [0, 2, 3, 1]);
}

/**
 * Checks that a value is a tensor in memory.
 *
 * @throws {TypeError} If it isn't a tensor.
 * @throws {Error} If it was disposed.
 */
export function requireTensor(
  x: unknown,
  subject = "",
  what = "a tensor",
): asserts x is Tensor {
  if (!(x instanceof tf.Tensor)) {
    const isPicture = typeof x === "string" ||
      typeof x === "object" && x !== null && "width" in x;
    const advice = isPicture ? "preprocess a decoded picture first" : "";
    throw new TypeError(expected(subject, what, x, advice));
  }
  void x.dataId; // One that was only valid in a hook says so.
  if (x.isDisposed) {
    throw new Error("expected a live tensor; this one was disposed");
  }
}

/**
 * Checks the input of a network, or of its second half.
 *
 * @throws {TypeError} If it isn't a float32 tensor `[N, H, W, channels]`.
 * @throws {RangeError} If one of its sides is 0.
 * @throws {Error} If it was disposed.
 */
export function requireInput(
  x: unknown,
  channels: number,
): asserts x is Tensor4D {
  const layout = `[N, H, W, ${channels}]`;
  requireTensor(x, "", `a float32 tensor ${layout}`);
  const { shape, dtype } = x;
  if (x.rank !== 4 || shape[3] !== channels) {
    const isNCHW = x.rank === 4 && shape[1] === channels;
    const advice = isNCHW ? "convert NCHW with fromNCHW(x)" : "";
    throw new TypeError(expected("", layout, shape, advice));
  }
  if (dtype !== "float32") {
    throw new TypeError(expected("", "a float32 tensor", asIs(dtype)));
  }
  if (x.size === 0) {
    throw new RangeError(expected("", "a batch with values", shape));
  }
}
