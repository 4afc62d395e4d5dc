/**
 * A map over the picture that it is a map of.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import { type Picture, type RgbImage, toRgb } from "../image/rgb_image.ts";
import type { OverlayOptions } from "../drawing/draw_overlay.ts";

export type { OverlayOptions };

/**
 * Lays a map over a picture: enlarged bilinearly, coloured from its least value to its greatest,
 * and mixed with the pixels.
 *
 * The map stands for the whole picture: give the crop that the network saw (`unprocess(input)`),
 * since of what lies outside of it the network knows nothing. Enlarging is PyTorch's
 * `interpolate(…, mode="bilinear", align_corners=False)`.
 *
 * @param picture Of any size; the result has the same.
 * @param map `[h, w]` or `[1, h, w]`, float32: what {@linkcode classActivationMap},
 *   {@linkcode gradCam}, {@linkcode occlusionMap} and {@linkcode similarityMap} give for one
 *   picture. It stays the caller's.
 * @param options Colours, and how much of them.
 * @returns RGB pixels: `encodePng` makes a file of them.
 * @throws {TypeError} If the tensor is none of these.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example Where a channel answers
 * ```ts
 * import { createModel, decodeImage, unprocess } from "@layertap/resnet";
 * import { overlayMap } from "@layertap/resnet/maps";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer4", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const map = tf.squeeze(tf.slice(model.forward(input), [0, 0, 0, 17], [1, 7, 7, 1]), [3]);
 * const [crop] = await unprocess(input, model.preset);
 * const { width, height } = await overlayMap(crop, map, { alpha: 0.6 });
 * assert.deepEqual([width, height], [224, 224]);
 * ```
 */
export async function overlayMap(
  picture: Picture,
  map: Tensor,
  options: OverlayOptions = {},
): Promise<RgbImage> {
  const isOne = map.rank === 2 || (map.rank === 3 && map.shape[0] === 1);
  if (!isOne || map.dtype !== "float32" || map.size === 0) {
    throw new TypeError(
      `cannot overlay a map: got ${map.dtype} [${
        map.shape.join(", ")
      }], float32 [h, w] or [1, h, w] is allowed`,
    );
  }
  const { drawOverlay } = await import("../drawing/draw_overlay.ts");
  const data = await map.data<"float32">();
  return drawOverlay(
    toRgb(picture),
    { data, shape: map.shape.slice(-2) },
    options,
  );
}
