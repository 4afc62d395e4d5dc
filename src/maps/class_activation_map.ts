/**
 * Where a picture shows evidence for a class.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { requireClass } from "../model/head_class.ts";
import type { ResNet } from "../model/model.ts";

/**
 * The class activation map: how much each position adds to a class's logit, by `fc`'s weights over
 * the channels of `layer4` (Zhou et al., "Learning Deep Features for Discriminative Localization",
 * 2016).
 *
 * For these networks it is exact: its mean over all positions, plus the class's bias, is the logit.
 * The model's hooks are not called.
 *
 * @param model A network with its head.
 * @param x A normalized batch `[N, H, W, 3]`. The caller keeps it.
 * @param classIndex An output of `fc`; ImageNet's 285 is "Egyptian cat".
 * @returns `[N, h, w]`, of `layer4`'s height and width, in units of the logit; positive where the
 *   picture supports the class. The caller disposes it; {@linkcode overlayMap} draws it.
 * @throws {RangeError} If the model has no head, or no such class.
 * @throws {TypeError} If `x` is not an input of the model.
 *
 * @example A map over the picture
 * ```ts
 * import { createModel, decodeImage, unprocess } from "@layertap/resnet";
 * import { classActivationMap, overlayMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * // Random weights; pass a path as third argument for trained ones.
 * using model = await createModel("resnet18");
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const map = classActivationMap(model, input, 285);
 * assert.deepEqual(map.shape, [1, 7, 7]);
 * const [crop] = await unprocess(input, model.preset);
 * const picture = await overlayMap(crop, map);
 * assert.equal(picture.width, 224);
 * ```
 */
export function classActivationMap(
  model: ResNet,
  x: Tensor4D,
  classIndex: number,
): Tensor3D {
  requireClass(model, classIndex, "classActivationMap");
  using bare = model.truncate(model.outputLayer);
  return tf.tidy(() => {
    const features = bare.forwardFeatures(x);
    const [n, h, w, c] = features.shape;
    // Each position goes through the head on its own; a row of zeros gives the bias.
    const positions = tf.reshape(features, [n * h * w, 1, 1, c]);
    const logits = bare.forwardHead(
      tf.concat([positions, tf.zeros([1, 1, 1, c])]) as Tensor4D,
    );
    const [shares, bias] = tf.split(
      tf.slice(logits, [0, classIndex], [-1, 1]),
      [n * h * w, 1],
    );
    return tf.reshape(tf.sub(shares, bias), [n, h, w]);
  });
}
