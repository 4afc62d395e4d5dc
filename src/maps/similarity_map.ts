/**
 * Which places of a picture look like a given one.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { requireInteger } from "../errors/expected.ts";
import type { ResNet } from "../model/model.ts";
import { mapsShape } from "./node_maps.ts";

/**
 * The cosine, over all channels, between a node's values at one position and at every other.
 *
 * It needs no head. The model's hooks are not called.
 *
 * @param model A model that reaches the node.
 * @param x A normalized batch `[N, H, W, 3]`. The caller keeps it.
 * @param node A spatial node, or a module with a spatial output: `"layer3"`.
 * @param at Row and column of the position, counted from 0. Default: the centre.
 * @returns `[N, h, w]`, of the node's height and width, -1..1, 1 at the position itself; 0 where
 *   all channels are zero. The caller disposes it; {@linkcode overlayMap} draws it.
 * @throws {RangeError} If the node is unknown, comes after the model's last layer or is not
 *   spatial, or the position is out of bounds.
 * @throws {TypeError} If `x` is not an input of the model.
 *
 * @example What looks like the cat's face
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { similarityMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const map = similarityMap(model, input, "layer3", [6, 7]);
 * assert.deepEqual(map.shape, [1, 14, 14]);
 * const [cosines] = await map.array();
 * assert(Math.abs(cosines[6][7] - 1) < 1e-5);
 * assert(cosines[6][8] > cosines[13][0]);
 * ```
 */
export function similarityMap(
  model: ResNet,
  x: Tensor4D,
  node: string,
  at?: readonly [row: number, column: number],
): Tensor3D {
  const [, h, w] = mapsShape(model, x, node);
  const [row, column] = at ?? [Math.floor(h / 2), Math.floor(w / 2)];
  requireInteger("row", row, 0, h - 1);
  requireInteger("column", column, 0, w - 1);
  using front = model.truncate(node);
  return tf.tidy(() => {
    const maps = front.forward(x);
    const length = tf.norm(maps, 2, 3, true);
    // All zeros have no direction: they stay 0.
    const units = tf.divNoNan(maps, length);
    const here = tf.slice(units, [0, row, column, 0], [-1, 1, 1, -1]);
    return tf.sum<Tensor3D>(tf.mul(units, here), 3);
  });
}
