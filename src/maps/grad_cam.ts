/**
 * Where in a picture what a channel of the output depends on is.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { outputGradient } from "./gradient.ts";
import type { ResNet } from "../model/model.ts";
import { mapsShape } from "./node_maps.ts";

/**
 * Grad-CAM at a spatial node: its channels, each weighted by the mean of the score's gradient with
 * respect to it, summed, and clamped below at 0 (Selvaraju et al., "Grad-CAM: Visual Explanations
 * from Deep Networks via Gradient-based Localization", 2017).
 *
 * The score is a channel of the model's output: a class's logit, where it ends with `fc`; where it
 * is cut before that, the channel's mean over height and width. The model's hooks are not called.
 *
 * @param model Any model that goes beyond the node.
 * @param x A batch `[N, H, W, 3]`, normalized. It stays the caller's.
 * @param node A spatial node, or a module whose output is one, from `maxpool` on: `"layer3"`.
 * @param channel A channel of the model's output, counted from 0.
 * @returns `[N, h, w]`, of the node's height and width, not scaled. It belongs to the caller;
 *   {@linkcode overlayMap} draws it.
 * @throws {RangeError} If the node is unknown, not spatial or lies before `maxpool`, or if there
 *   is no such channel.
 *
 * @example Where a feature of the last layer comes from
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { gradCam } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const map = gradCam(model, input, "layer3", 17);
 * assert.deepEqual(map.shape, [1, 14, 14]);
 * assert(Math.min(...map.dataSync()) >= 0);
 * ```
 */
export function gradCam(
  model: ResNet,
  x: Tensor4D,
  node: string,
  channel: number,
): Tensor3D {
  mapsShape(model, x, node, "draw Grad-CAM at");
  using front = model.truncate(node);
  return tf.tidy(() => {
    const gradient = outputGradient(model, x, node, channel);
    const weights = tf.mean(gradient, [1, 2], true);
    const weighted = tf.mul(front.forward(x), weights);
    return tf.relu(tf.sum<Tensor3D>(weighted, 3));
  });
}
