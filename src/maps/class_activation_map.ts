/**
 * Where in a picture the evidence for a class is.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { requireClass } from "../model/head_class.ts";
import type { ResNet } from "../model/model.ts";

/**
 * The class activation map: each position's share of a class's logit, `fc`'s weights over the
 * channels of `layer4` (Zhou et al., "Learning Deep Features for Discriminative Localization",
 * 2016).
 *
 * For these networks it is exact: the mean over all positions, plus the class's bias, is the logit.
 * The model's hooks are not called.
 *
 * @param model A network with its head.
 * @param x A batch `[N, H, W, 3]`, normalized. It stays the caller's.
 * @param classIndex Which of `fc`'s outputs; ImageNet's 285 is "Egyptian cat".
 * @returns `[N, h, w]`, of `layer4`'s height and width; positive where the picture speaks for the
 *   class. It belongs to the caller; {@linkcode overlayMap} draws it.
 * @throws {RangeError} If the model has no head, or no such class.
 *
 * @example Laid over the picture
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { classActivationMap } from "@layertap/resnet/maps";
 * import { unprocess } from "@layertap/resnet";
 * import { overlayMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * // Fresh weights, which know nothing: a path as third argument takes trained ones.
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
  requireClass(model, classIndex, "map a class");
  using bare = model.truncate(model.outputLayer);
  return tf.tidy(() => {
    const features = bare.forwardFeatures(x);
    const [n, h, w, c] = features.shape;
    // Each position goes through the head on its own; behind them all, what the bias alone gives.
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
