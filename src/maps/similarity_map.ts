/**
 * Where else in a picture it looks like here.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ResNet } from "../model/model.ts";
import { mapsShape } from "./node_maps.ts";

/**
 * The cosine between a node's values at one position, over all channels, and those at every other.
 *
 * It needs no head. The model's hooks are not called.
 *
 * @param model Any model that goes as far as the node.
 * @param x A batch `[N, H, W, 3]`, normalized. It stays the caller's.
 * @param node A spatial node, or a module whose output is one: `"layer3"`.
 * @param at Row and column of the position, counted from 0. Default: the middle.
 * @returns `[N, h, w]`, of the node's height and width, -1..1, 1 at the position itself; 0 where
 *   all channels are zero. It belongs to the caller; {@linkcode overlayMap} draws it.
 * @throws {RangeError} If the node is unknown, lies behind the cut or is not spatial, or if the
 *   position lies outside of it.
 *
 * @example What is like the cat's face
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
  const [, h, w] = mapsShape(model, x, node, "compare positions of");
  const [row, column] = at ?? [Math.floor(h / 2), Math.floor(w / 2)];
  if (!isIndex(row, h) || !isIndex(column, w)) {
    throw new RangeError(
      `cannot compare positions of "${node}" with ${row},${column}: ` +
        `rows from 0 to ${h - 1} and columns from 0 to ${w - 1} are allowed`,
    );
  }
  using front = model.truncate(node);
  return tf.tidy(() => {
    const maps = front.forward(x);
    const length = tf.norm(maps, 2, 3, true);
    // A position without any value has no direction: 0 is kept.
    const units = tf.divNoNan(maps, length);
    const here = tf.slice(units, [0, row, column, 0], [-1, 1, 1, -1]);
    return tf.sum<Tensor3D>(tf.mul(units, here), 3);
  });
}

const isIndex = (value: number, length: number) =>
  Number.isInteger(value) && value >= 0 && value < length;
