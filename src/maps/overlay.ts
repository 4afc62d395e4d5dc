/**
 * A map over its picture.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Preset } from "../arch/preset.ts";
import type { OverlayStyle } from "../drawing/draw_overlay.ts";
import { cropBox, type InputFrame } from "../image/crops.ts";
import { displayed } from "../image/display.ts";
import { type Picture, type RgbImage, toRgb } from "../image/rgb_image.ts";
import { onePicture } from "./one_picture.ts";

/** How to lay a map over a picture. */
export interface OverlayOptions extends OverlayStyle, InputFrame {
  /**
   * The transform that made the network's input of this picture, `model.preset`: the map then covers
   * the part that the network saw, by `region` and `crop`, and the rest is paler. Default: the map
   * covers all of it.
   */
  readonly preset?: Preset;
}

/**
 * Lays a map over a picture: enlarges it bilinearly, colours it from its smallest value to its
 * largest, and mixes it with the pixels.
 *
 * Pass the photo with `preset: model.preset`, or the crop that the network saw (`unprocess(input)`).
 * Enlarging is PyTorch's `interpolate(…, mode="bilinear", align_corners=False)`.
 *
 * @param picture A picture of any size.
 * @param map `[h, w]` or `[1, h, w]`, float32: what {@linkcode classActivationMap},
 *   {@linkcode gradCam}, {@linkcode occlusionMap} and {@linkcode similarityMap} return for one
 *   picture. The caller keeps it.
 * @param options Colours and their weight; which part of the picture the map covers.
 * @returns RGB pixels of the picture's size; `encodePng` makes a file of them.
 * @throws {TypeError} If the tensor has another type or shape, or `picture` isn't a picture.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example The photo, with what the network looks at
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { gradCam, overlayMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const photo = await decodeImage("examples/images/rocket.jpg");
 * const map = gradCam(model, model.preprocess(photo), "layer4", 17);
 * const { preset } = model;
 * const { width, height } = await overlayMap(photo, map, { preset, fade: true });
 * assert.deepEqual([width, height], [photo.width, photo.height]);
 * ```
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
  const { preset, ...style } = options;
  const pixels = toRgb(picture);
  const area = preset && cropBox(pixels, preset, options);
  const { drawOverlay } = await import("../drawing/draw_overlay.ts");
  return displayed(await drawOverlay(pixels, values, { ...style, area }));
}
