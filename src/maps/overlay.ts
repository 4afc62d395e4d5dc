/**
 * A map over its picture.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { OverlayOptions } from "../drawing/draw_overlay.ts";
import { displayed } from "../image/display.ts";
import { type Picture, type RgbImage, toRgb } from "../image/rgb_image.ts";
import { onePicture } from "./one_picture.ts";

/**
 * Lays a map over a picture: enlarges it bilinearly, colours it from its smallest value to its
 * largest, and mixes it with the pixels.
 *
 * The map covers the whole picture, so pass the crop that the network saw (`unprocess(input)`).
 * Enlarging is PyTorch's `interpolate(…, mode="bilinear", align_corners=False)`.
 *
 * @param picture A picture of any size.
 * @param map `[h, w]` or `[1, h, w]`, float32: what {@linkcode classActivationMap},
 *   {@linkcode gradCam}, {@linkcode occlusionMap} and {@linkcode similarityMap} return for one
 *   picture. The caller keeps it.
 * @param options Colours and their weight.
 * @returns RGB pixels of the picture's size; `encodePng` makes a file of them.
 * @throws {TypeError} If the tensor has another type or shape, or `picture` isn't a picture.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example Where a channel responds
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
  const values = await onePicture("map", map, ["h", "w"]);
  const { drawOverlay } = await import("../drawing/draw_overlay.ts");
  return displayed(await drawOverlay(toRgb(picture), values, options));
}
