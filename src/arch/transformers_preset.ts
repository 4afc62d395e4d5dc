/**
 * The preset for the preprocessing of Hugging Face's transformers.
 *
 * @see transformers 4.40, `models/convnext/image_processing_convnext.py`, which its ResNets use.
 *
 * @module
 */

import { expected, requireInteger, requireOneOf } from "../errors/expected.ts";
import type { Preset } from "./preset.ts";
import { requirePositive, requireRgb, requireStd } from "./preset_fields.ts";

const PROCESSORS = [
  "ConvNextImageProcessor",
  "ConvNextImageProcessorFast",
  "ConvNextFeatureExtractor", // Its name until 2022.
] as const;

/** PIL's numbers of its filters. */
const FILTERS: ReadonlyMap<unknown, Preset["interpolation"]> = new Map([
  [2, "bilinear"],
  [3, "bicubic"],
]);

/** From this size on, transformers squashes the picture into a square. */
const SQUASHED = 384;

/**
 * The preset of a `preprocessor_config.json`.
 *
 * @throws {RangeError} If a preset can't express it; the message names the field.
 */
export function presetFromTransformers(
  config: Readonly<Record<string, unknown>>,
): Preset {
  const key = "image_processor_type" in config
    ? "image_processor_type"
    : "feature_extractor_type";
  requireOneOf(key, config[key] ?? PROCESSORS[0], PROCESSORS);
  for (const step of ["do_resize", "do_rescale"]) {
    if (config[step] === false) {
      throw new RangeError(expected(step, "true", false));
    }
  }
  const factor = config.rescale_factor ?? 1 / 255;
  if (factor !== 1 / 255) {
    throw new RangeError(expected("rescale_factor", "1/255", factor));
  }
  const given = config.size ?? SQUASHED;
  const size = typeof given === "object"
    ? (given as { shortest_edge?: unknown }).shortest_edge
    : given;
  const cropSize = requireInteger("size", size, 1);
  if (cropSize >= SQUASHED) {
    throw new RangeError(expected(
      "size",
      `less than ${SQUASHED}`,
      cropSize,
      "from there transformers squashes pictures, which a preset can't express",
    ));
  }
  const resample = config.resample ?? 2;
  const interpolation = FILTERS.get(resample);
  if (interpolation === undefined) {
    const what = "2 (bilinear) or 3 (bicubic)";
    throw new RangeError(expected("resample", what, resample));
  }
  const share = requirePositive("crop_pct", config.crop_pct ?? 224 / 256);
  const normalizes = config.do_normalize !== false;
  return {
    resizeSize: Math.trunc(cropSize / share),
    cropSize,
    interpolation,
    mean: normalizes ? requireRgb("image_mean", config.image_mean) : [0, 0, 0],
    std: normalizes ? requireStd("image_std", config.image_std) : [1, 1, 1],
    cropRounding: "down",
  };
}
