/**
 * From pictures to a network's input, and back.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { imagenetPreset, type Preset } from "../arch/preset.ts";
import { asIs, expected } from "../errors/expected.ts";
import type { PreprocessOptions } from "../image/crops.ts";
import { displayed } from "../image/display.ts";
import type { Picture, RgbImage } from "../image/rgb_image.ts";
import { requireTensor } from "./layout.ts";
import { denormalize, normalize, resizeAndCrop } from "../image/transform.ts";

/**
 * torchvision's `ImageClassification` transform: resizes the shorter side with PIL's antialiased
 * filter, crops the centre, scales to 0..1 and normalizes each channel.
 *
 * Pixels equal PIL's bit for bit, and the normalized values torch's.
 *
 * @param pictures One or several: what `decodeImage` returns, an `ImageData`, a picture of the
 *   browser such as a canvas or a `VideoFrame`, or a tensor `[H, W, 3]`. They stay the caller's:
 *   nothing is closed or disposed.
 * @param preset The network's transform, e.g. `model.preset`. Default: ImageNet's, 256 and 224.
 * @param options A region of each picture; several crops of it, or none.
 * @returns `[N, crop, crop, 3]`, float32, about -2.2..2.7; it belongs to the caller. With several
 *   crops, those of a picture follow each other: `[5 * N, crop, crop, 3]`. With `crop: "none"`,
 *   `[N, H, W, 3]`, whose shorter side is `resizeSize`.
 * @throws {TypeError} If something isn't a picture, or two whole pictures differ in size.
 * @throws {RangeError} If the list is empty, a region reaches beyond its picture, or the picture is
 *   too small for several crops.
 * @throws {Error} If a picture of the browser can't be read.
 * @see torchvision 0.14.1, `transforms/_presets.py`, and `five_crop` and `ten_crop` in
 *   `transforms/functional.py`.
 *
 * @example One picture
 * ```ts
 * import { decodeImage, preprocess, startBackend } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * await startBackend();
 * const input = preprocess(await decodeImage("examples/images/rocket.jpg"));
 * assert.deepEqual(input.shape, [1, 224, 224, 3]);
 * ```
 *
 * @example Ten crops of a part of a photo
 * ```ts
 * import { decodeImage, imagenetPreset, preprocess, startBackend } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * await startBackend();
 * const photo = await decodeImage("examples/images/rocket.jpg");
 * const input = preprocess(photo, imagenetPreset, { region: [200, 0, 400, 300], crop: "ten" });
 * assert.deepEqual(input.shape, [10, 224, 224, 3]);
 * ```
 */
export function preprocess(
  pictures: Picture | readonly Picture[],
  preset: Preset = imagenetPreset,
  options: PreprocessOptions = {},
): Tensor4D {
  const list = Array.isArray(pictures) ? pictures : [pictures];
  if (list.length === 0) {
    throw new RangeError(
      expected("preprocess", "one or more pictures", asIs("an empty list")),
    );
  }
  const crops = list.flatMap((picture) =>
    resizeAndCrop(picture, preset, options)
  );
  const [{ width, height }] = crops;
  const shape = [crops.length, height, width, 3] as const;
  return tf.tensor4d(normalize(crops, preset), [...shape]);
}

/** Whether it is a batch, ready for the network, and no picture. */
export function isBatch(
  pictures: Picture | readonly Picture[] | Tensor4D,
): pictures is Tensor4D {
  return pictures instanceof tf.Tensor && pictures.rank !== 3;
}

/**
 * Undoes the normalization of {@linkcode preprocess}, to show what a network saw.
 *
 * @param input `[N, H, W, 3]`, normalized; it stays the caller's.
 * @param preset The transform that it was normalized with. Default: ImageNet's.
 * @returns The pictures, H by W pixels each; values outside 0..255 are clipped.
 * @throws {TypeError} If it isn't `[N, H, W, 3]`.
 *
 * @example The crop that the network sees
 * ```ts
 * import { decodeImage, preprocess, startBackend, unprocess } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * await startBackend();
 * const input = preprocess(await decodeImage("examples/images/rocket.jpg"));
 * const [crop] = await unprocess(input);
 * assert.deepEqual([crop.width, crop.height], [224, 224]);
 * ```
 */
export async function unprocess(
  input: Tensor4D,
  preset: Preset = imagenetPreset,
): Promise<RgbImage[]> {
  requireTensor(input, "unprocess");
  const [count, height, width, channels] = input.shape;
  if (input.rank !== 4 || channels !== 3) {
    throw new TypeError(expected("unprocess", "[N, H, W, 3]", input.shape));
  }
  const data = await input.data() as Float32Array;
  const size = height * width * 3;
  return Array.from(
    { length: count },
    (_, i) =>
      displayed(denormalize(
        data.subarray(i * size, (i + 1) * size),
        width,
        height,
        preset,
      )),
  );
}
