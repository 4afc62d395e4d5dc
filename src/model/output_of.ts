import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";

/**
 * The type of a layer's output: `Tensor4D` for maps, `Tensor2D` for vectors and the whole network
 * (`null`), `Tensor` for a name that the compiler doesn't know, or the root's (`""`).
 *
 * @example A function on maps
 * ```ts
 * import { createModel, type OutputOf } from "@layertap/resnet";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18", "layer1");
 * const channels = (maps: OutputOf<"layer1">) => maps.shape[3];
 * assert.equal(channels(model.forward(tf.zeros([1, 32, 32, 3]))), 64);
 * ```
 */
export type OutputOf<Name extends string | null> = Name extends
  null | "flatten" | "fc" | "global_pool" | "global_pool.flatten" ? Tensor2D
  : "" extends Name ? Tensor
  : Tensor4D;
