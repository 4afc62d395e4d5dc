/**
 * A picture as one vector.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Picture } from "../image/rgb_image.ts";
import type { ResNet } from "./model.ts";
import { isBatch } from "./preprocess.ts";
import type { NodeInfo } from "./network.ts";

/**
 * Turns pictures into vectors, to compare by their cosines.
 *
 * A picture's vector is the value of `flatten`; if the model ends before that, the mean of its output
 * over height and width.
 *
 * @param model Any model; one with a head gives the input of the head.
 * @param pictures One or several, or a normalized batch `[N, H, W, 3]`, which stays the caller's.
 *   They run as one batch.
 * @returns `[N, C]`; it belongs to the caller.
 *
 * @example How alike two pictures are
 * ```ts
 * import { createModel, decodeImage, embed } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const cat = await decodeImage("examples/images/chelsea.png");
 * const rocket = await decodeImage("examples/images/rocket.jpg");
 * const [a, b] = await embed(model, [cat, rocket]).array();
 * const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i], 0);
 * assert(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) < 0.5);
 * ```
 */
export function embed(
  model: ResNet,
  pictures: Picture | readonly Picture[] | Tensor4D,
): Tensor2D {
  const isInput = isBatch(pictures);
  const input = isInput ? pictures : model.preprocess(pictures);
  try {
    const flat = [...model.nodes().values()].find(isFlatten);
    if (flat) return model.extract(input, [flat.name])[flat.name] as Tensor2D;
    const maps = model.forward(input);
    try {
      return tf.mean(maps, [1, 2]);
    } finally {
      maps.dispose();
    }
  } finally {
    if (!isInput) input.dispose();
  }
}

const isFlatten = ({ operation }: NodeInfo) =>
  operation.toLowerCase() === "flatten";
