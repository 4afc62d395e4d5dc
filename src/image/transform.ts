/**
 * torchvision's evaluation transform (0.14, `transforms/_presets.py`, `ImageClassification`) on
 * pixels in memory: resize, centre crop, normalize; and the inverse of normalize.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { asIs, expected } from "../errors/expected.ts";
import { crops, type PreprocessOptions } from "./crops.ts";
import { type Picture, type RgbImage, toRgb } from "./rgb_image.ts";
import { resize } from "./resize.ts";
import { resizeSimd } from "./resize_simd.ts";

/**
 * `Resize(preset.resizeSize)`, which sets the shorter side, and `CenterCrop(preset.cropSize)`,
 * which pads with black if the resized picture is smaller than the crop, or the crops that the
 * options ask for. Equals torchvision on PIL images bit for bit. Computes only the crops' pixels,
 * whatever the picture's aspect.
 *
 * @returns New images; one of `cropSize` x `cropSize` pixels by default.
 * @throws {TypeError | RangeError | Error} If it isn't a picture, as {@linkcode toRgb}, or can't be
 *   cropped so, as {@linkcode crops}.
 */
export function resizeAndCrop(
  picture: Picture,
  preset: Preset,
  { region, crop }: PreprocessOptions = {},
): RgbImage[] {
  const image = toRgb(picture, region);
  return crops(image, preset, crop, (plan) => {
    const { width, height, filter, window } = plan;
    return resizeSimd(image, plan) ??
      resize(image, width, height, filter, window);
  });
}

/**
 * `ToTensor` and `Normalize(preset.mean, preset.std)` of a batch, equal to PyTorch's float32 to the
 * last bit.
 *
 * @returns `[N, H, W, 3]`, a new array, with channels in the preset's order.
 * @throws {RangeError} If there are no images.
 * @throws {TypeError} If the images differ in size.
 */
export function normalize(
  images: readonly RgbImage[],
  preset: Preset,
): Float32Array<ArrayBuffer> {
  if (images.length === 0) {
    throw new RangeError(expected("images", "at least one", images));
  }
  const { width, height } = images[0];
  const values = [0, 1, 2].map((channel) => normalized(preset, channel));
  const first = preset.channels === "BGR" ? 2 : 0, last = 2 - first;
  const size = 3 * width * height;
  const out = new Float32Array(images.length * size);
  images.forEach((image, n) => {
    if (image.width !== width || image.height !== height) {
      throw new TypeError(expected(
        `image ${n}`,
        `${width}x${height} pixels as in image 0`,
        asIs(`${image.width}x${image.height}`),
      ));
    }
    for (let i = 0, to = n * size; i < size; i += 3, to += 3) {
      out[to] = values[0][image.data[i + first]];
      out[to + 1] = values[1][image.data[i + 1]];
      out[to + 2] = values[2][image.data[i + last]];
    }
  });
  return out;
}

/** The normalized values of the 256 levels of a channel; each step rounds to float32. */
function normalized(preset: Preset, channel: number): Float32Array {
  const { fround } = Math;
  const mean = fround(preset.mean[channel]);
  const std = fround(preset.std[channel]);
  return Float32Array.from(
    { length: 256 },
    (_, level) => fround(fround(level / levelsOf(preset)) - mean) / std,
  );
}

/** What a level is divided by: 1 where means are in 0..255. */
function levelsOf({ mean }: Preset): number {
  return mean.some((value) => value > 1) ? 1 : 255;
}

/**
 * The inverse of {@linkcode normalize} for one image, to show a network's input: rounds levels and
 * clamps them to 0..255.
 *
 * @param data `[H, W, 3]`, normalized.
 * @throws {TypeError} If the length of `data` isn't `width * height * 3`.
 */
export function denormalize(
  data: Float32Array,
  width: number,
  height: number,
  preset: Preset,
): RgbImage {
  const { mean, std } = preset;
  if (data.length !== width * height * 3) {
    const what = `${width * height * 3} values for ${width}x${height} pixels`;
    throw new TypeError(expected("data", what, data.length));
  }
  const levels = new Uint8ClampedArray(data.length); // Rounds and clamps.
  const scale = levelsOf(preset), isBgr = preset.channels === "BGR";
  for (let i = 0; i < data.length; i++) {
    const channel = i % 3;
    const to = isBgr ? i + 2 - 2 * channel : i;
    levels[to] = (data[i] * std[channel] + mean[channel]) * scale;
  }
  return { width, height, data: new Uint8Array(levels.buffer) };
}
