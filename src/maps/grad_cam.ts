/**
 * Which places of a picture a channel of the output depends on.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ResNet } from "../model/model.ts";
import { outputGradient } from "./gradient.ts";
import { mapsShape } from "./node_maps.ts";

/**
 * Grad-CAM at a spatial node: the sum of its channels, each weighted by the mean of the score's
 * gradient with respect to it, and clamped at 0 (Selvaraju et al., "Grad-CAM: Visual Explanations
 * from Deep Networks via Gradient-based Localization", 2017).
 *
 * The score is a channel of the model's output: a class's logit if the model ends with `fc`, else
 * the channel's mean over height and width. The model's hooks are not called.
 *
 * @param model A model that continues after the node.
 * @param x A normalized batch `[N, H, W, 3]`. The caller keeps it.
 * @param node A spatial node, or a module with a spatial output, from `maxpool` on: `"layer3"`.
 * @param channel A channel of the model's output, counted from 0.
 * @returns `[N, h, w]`, of the node's height and width, at least 0, not scaled. The caller disposes
 *   it; {@linkcode overlayMap} draws it.
 * @throws {RangeError} If the node is unknown, not spatial or comes before `maxpool`, or the model
 *   has no such channel.
 * @throws {TypeError} If `x` is not an input of the model.
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
  return weightedSum(
    model,
    x,
    node,
    channel,
    (gradient) => tf.mean(gradient, [1, 2], true),
  );
}

/**
 * Grad-CAM++ at a spatial node: {@linkcode gradCam} with weights that count each position where the
 * score grows with the channel, however few they are, so that several objects of a class and all of
 * an object show (Chattopadhyay et al., "Grad-CAM++: Improved Visual Explanations for Deep
 * Convolutional Networks", 2018, equation 19).
 *
 * The maps are those of PyPI's `grad-cam` 1.5 before it scales them to 0..1, its 1e-6 in the
 * denominator included. The model's hooks are not called.
 *
 * @param model A model that continues after the node.
 * @param x A normalized batch `[N, H, W, 3]`. The caller keeps it.
 * @param node As for {@linkcode gradCam}.
 * @param channel A channel of the model's output, counted from 0; a class if it ends with `fc`.
 * @returns `[N, h, w]`, of the node's height and width, at least 0, not scaled. The caller disposes
 *   it; {@linkcode overlayMap} draws it.
 * @throws {RangeError | TypeError} As {@linkcode gradCam}.
 *
 * @example Where a feature of the last layer comes from
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { gradCamPlusPlus } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const map = gradCamPlusPlus(model, input, "layer3", 17);
 * assert.deepEqual(map.shape, [1, 14, 14]);
 * assert(Math.max(...map.dataSync()) > 0);
 * ```
 */
export function gradCamPlusPlus(
  model: ResNet,
  x: Tensor4D,
  node: string,
  channel: number,
): Tensor3D {
  return weightedSum(model, x, node, channel, (gradient, maps) => {
    const growth = tf.relu(gradient);
    const square = tf.square(growth);
    const cube = tf.mul(square, growth);
    const sums = tf.sum(maps, [1, 2], true);
    const denominator = tf.add(
      tf.add(tf.mul(2, square), tf.mul(sums, cube)),
      1e-6,
    );
    return tf.sum(tf.div(cube, denominator), [1, 2], true);
  });
}

/**
 * The sum of a node's channels, each with a weight, clamped at 0.
 *
 * @param weigh The weights `[N, 1, 1, C]` from the score's gradient and the node's value.
 */
function weightedSum(
  model: ResNet,
  x: Tensor4D,
  node: string,
  channel: number,
  weigh: (gradient: Tensor, maps: Tensor) => Tensor,
): Tensor3D {
  mapsShape(model, x, node);
  using front = model.truncate(node);
  return tf.tidy(() => {
    const maps = front.forward(x);
    const weights = weigh(outputGradient(model, x, node, channel), maps);
    return tf.relu(tf.sum<Tensor3D>(tf.mul(maps, weights), 3));
  });
}
