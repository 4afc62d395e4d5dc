/**
 * Feature maps to vectors.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Pooling } from "../arch/pooling.ts";
import { expected, requireOneOf } from "../errors/expected.ts";
import { requireTensor } from "./layout.ts";

const poolers: Record<Pooling, (maps: Tensor4D) => Tensor> = {
  avg: (maps) => tf.mean(maps, [1, 2]),
  max: (maps) => tf.max(maps, [1, 2]),
  catavgmax: (maps) => tf.concat([poolers.avg(maps), poolers.max(maps)], 1),
  gem(maps) {
    const values = tf.maximum(maps, 1e-6);
    const cubes = tf.mul(tf.mul(values, values), values);
    return tf.pow(tf.mean(cubes, [1, 2]), 1 / 3);
  },
};

/**
 * Pools feature maps over height and width.
 *
 * @param maps `[N, H, W, C]`; they stay the caller's.
 * @param kind How.
 * @returns `[N, C]`, or `[N, 2 C]` for `"catavgmax"`; it belongs to the caller.
 * @throws {TypeError} If the maps don't have 4 dimensions.
 * @throws {RangeError} If the kind is unknown.
 * @see timm 1.0.31, `layers/adaptive_avgmax_pool.py`; for `"gem"` Radenović et al., "Fine-tuning CNN
 *   Image Retrieval with No Human Annotation", 2018, with their code's p of 3 and epsilon.
 *
 * @example Generalized means
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { pool } from "@layertap/resnet/fit";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18", "layer2");
 * const maps = model.forward(tf.zeros([1, 64, 64, 3]));
 * assert.deepEqual(pool(maps, "gem").shape, [1, 128]);
 * assert.deepEqual(pool(maps, "catavgmax").shape, [1, 256]);
 * ```
 */
export function pool(maps: Tensor4D, kind: Pooling): Tensor2D {
  requireOneOf("kind", kind, ["avg", "max", "catavgmax", "gem"]);
  requireTensor(maps, "pool");
  if (maps.rank !== 4) {
    throw new TypeError(expected("pool", "[N, H, W, C]", maps.shape));
  }
  return tf.tidy(() => poolers[kind](maps)) as Tensor2D;
}
