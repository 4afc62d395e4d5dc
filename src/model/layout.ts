/**
 * Between tfjs's layout and PyTorch's.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";

/**
 * From tfjs's layout to PyTorch's: `[N, H, W, C]` to `[N, C, H, W]`.
 *
 * `flatten` and `fc` are `[N, C]` in both layouts; for them the result is a clone.
 *
 * @param x A node's value. It stays the caller's.
 * @returns A new tensor, the caller's.
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
  switch (x.rank) {
    case 2:
      return x.clone();
    case 4:
      return tf.transpose(x, [0, 3, 1, 2]);
    default:
      throw new TypeError(
        `toNCHW: got [${x.shape}], [N, H, W, C] or [N, C] is allowed`,
      );
  }
}

/**
 * From PyTorch's layout to tfjs's: `[N, C, H, W]` to `[N, H, W, C]`.
 *
 * @param x A batch of pictures or feature maps. It stays the caller's.
 * @returns A new tensor, the caller's.
 * @throws {TypeError} If the tensor hasn't 4 dimensions.
 *
 * @example A batch that was made for PyTorch
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
  if (x.rank !== 4) {
    throw new TypeError(`fromNCHW: got [${x.shape}], [N, C, H, W] is allowed`);
  }
  return tf.transpose(x as Tensor4D, [0, 2, 3, 1]);
}

/**
 * Checks a batch that goes into a network.
 *
 * @throws {TypeError} If it is no float32 tensor `[N, H, W, channels]`.
 * @throws {RangeError} If one of its sides is 0.
 */
export function requireInput(
  x: unknown,
  channels: number,
): asserts x is Tensor4D {
  const want = `a float32 tensor [N, H, W, ${channels}] is allowed`;
  if (!(x instanceof tf.Tensor)) {
    throw new TypeError(`forward: got ${typeof x}, ${want}`);
  }
  const shape = `[${x.shape.join(", ")}]`;
  if (x.rank !== 4 || x.shape[3] !== channels) {
    const hint = x.rank === 4 && x.shape[1] === channels
      ? `; that looks like PyTorch's [N, ${channels}, H, W]: fromNCHW(x) turns it`
      : "";
    throw new TypeError(`forward: got ${shape}, ${want}${hint}`);
  }
  if (x.dtype !== "float32") {
    throw new TypeError(`forward: got ${x.dtype} ${shape}, ${want}`);
  }
  if (x.size === 0) throw new RangeError(`forward: got ${shape}, it is empty`);
}
