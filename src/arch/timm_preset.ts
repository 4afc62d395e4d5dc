import { expected, requireOneOf } from "../errors/expected.ts";
import { imagenetPreset, type Preset } from "./preset.ts";
import { requirePositive, requireRgb, requireStd } from "./preset_fields.ts";

/**
 * timm's description of a network's input: `model.pretrained_cfg`, or the `config.json` beside the
 * weights, whose older form has the same fields and whose newer one has them under
 * `pretrained_cfg`. A field that is missing or null has timm's default.
 */
export interface TimmConfig {
  /** `[3, height, width]`. Default `[3, 224, 224]`. */
  readonly input_size?: readonly number[] | null;
  /** The same for timm's `use_test_size`. Default: `input_size`. */
  readonly test_input_size?: readonly number[] | null;
  /** `"bilinear"` or `"bicubic"`, the default; others are not supported. */
  readonly interpolation?: string | null;
  /** Side of the crop relative to the resized picture. Default 0.875. */
  readonly crop_pct?: number | null;
  /** The same for timm's `use_test_size`. Default: `crop_pct`. */
  readonly test_crop_pct?: number | null;
  /** `"center"`, the default; others are not supported. */
  readonly crop_mode?: string | null;
  /** By channel, in RGB order. Default: ImageNet's. */
  readonly mean?: readonly number[] | null;
  /** By channel, in RGB order. Default: ImageNet's. */
  readonly std?: readonly number[] | null;
  /** In `config.json` since 2023: the fields above. */
  readonly pretrained_cfg?: TimmConfig | null;
}

/**
 * The preset for timm's evaluation transform.
 *
 * @param config What timm says of the input, in either form.
 * @param which `"test"` takes the test size and its crop, timm's `use_test_size=True`, where the
 *   config has them. Default `"default"`, the size of training, as timm's own.
 * @throws {RangeError} If a preset can't express it: the crop isn't square or central, the
 *   interpolation is neither bilinear nor bicubic, or there aren't three channels. The message names
 *   the field.
 * @see timm 1.0, `timm/data/config.py` and `timm/data/transforms_factory.py`.
 *
 * @example The presets of `timm/resnet50.tv2_in1k`
 * ```ts
 * import { presetFromTimm } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const config = {
 *   input_size: [3, 176, 176],
 *   test_input_size: [3, 224, 224],
 *   interpolation: "bilinear",
 *   crop_pct: 0.875,
 *   test_crop_pct: 0.965,
 * };
 * assert.equal(presetFromTimm(config).resizeSize, 201);
 * assert.equal(presetFromTimm(config, "test").resizeSize, 232);
 * ```
 */
export function presetFromTimm(
  config: TimmConfig,
  which: "default" | "test" = "default",
): Preset {
  if (typeof config !== "object" || config === null) {
    throw new TypeError(expected("", "timm's config", config));
  }
  const isTest =
    requireOneOf("presetFromTimm", which, ["default", "test"]) === "test";
  const fields = config.pretrained_cfg ?? config;
  const size = isTest && fields.test_input_size
    ? "test_input_size"
    : "input_size";
  const percent = isTest && fields.test_crop_pct ? "test_crop_pct" : "crop_pct";
  const inputSize = fields[size] ?? [3, 224, 224];
  const [channels, height, cropSize] = Array.isArray(inputSize)
    ? inputSize
    : [];
  if (
    channels !== 3 || height !== cropSize || !(cropSize > 0) ||
    !Number.isInteger(cropSize)
  ) {
    throw new RangeError(expected(size, "[3, side, side]", inputSize));
  }
  requireOneOf("crop_mode", fields.crop_mode ?? "center", ["center"]);
  // As in timm, 0 means the default too.
  const share = requirePositive(percent, fields[percent] || 0.875);
  return {
    resizeSize: Math.floor(cropSize / share),
    cropSize,
    interpolation: requireOneOf(
      "interpolation",
      fields.interpolation ?? "bicubic",
      ["bilinear", "bicubic"],
    ),
    mean: requireRgb("mean", fields.mean ?? imagenetPreset.mean),
    std: requireStd("std", fields.std ?? imagenetPreset.std),
  };
}
