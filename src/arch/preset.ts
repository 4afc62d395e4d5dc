import { expected, requireOneOf } from "../errors/expected.ts";

/** How a picture becomes the network's input, named as in torchvision's `ImageClassification`. */
export interface Preset {
  /** The shorter side after resizing, in pixels. */
  readonly resizeSize: number;
  /** Side of the square centre crop, in pixels. */
  readonly cropSize: number;
  /** PIL's antialiased filter used for resizing. */
  readonly interpolation: "bilinear" | "bicubic";
  /** Subtracted from each channel, whose values are in 0..1; in RGB order. */
  readonly mean: readonly [number, number, number];
  /** Divides each channel, in RGB order. */
  readonly std: readonly [number, number, number];
}

/** The evaluation preset of torchvision's first ImageNet weights (`IMAGENET1K_V1`). */
export const imagenetPreset: Preset = {
  resizeSize: 256,
  cropSize: 224,
  interpolation: "bilinear",
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** timm's description of a network's input: `model.pretrained_cfg`, or Hugging Face's `config.json`. */
export interface TimmConfig {
  /** `[3, height, width]`. */
  readonly input_size: readonly number[];
  /** `"bilinear"` or `"bicubic"`. */
  readonly interpolation: string;
  /** Side of the crop relative to the resized picture. Default 0.875. */
  readonly crop_pct?: number | null;
  /** `"center"`, the default; others are not supported. */
  readonly crop_mode?: string;
  /** By channel, in RGB order. */
  readonly mean: readonly number[];
  /** By channel, in RGB order. */
  readonly std: readonly number[];
}

/**
 * The preset for timm's evaluation transform.
 *
 * @throws {RangeError} If the crop isn't square or central, or the interpolation is neither bilinear
 *   nor bicubic.
 * @see timm 1.0, `timm/data/transforms_factory.py`, `transforms_imagenet_eval`.
 *
 * @example The preset of `timm/resnet50.a1_in1k`
 * ```ts
 * import { presetFromTimm } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const preset = presetFromTimm({
 *   input_size: [3, 224, 224],
 *   interpolation: "bicubic",
 *   crop_pct: 0.95,
 *   mean: [0.485, 0.456, 0.406],
 *   std: [0.229, 0.224, 0.225],
 * });
 * assert.equal(preset.resizeSize, 235);
 * ```
 */
export function presetFromTimm(config: TimmConfig): Preset {
  const { input_size, interpolation, crop_pct, crop_mode, mean, std } = config;
  const [channels, height, cropSize] = input_size;
  if (channels !== 3 || height !== cropSize) {
    throw new RangeError(
      expected("input_size", "[3, side, side]", input_size),
    );
  }
  requireOneOf("crop_mode", crop_mode ?? "center", ["center"]);
  return {
    resizeSize: Math.floor(cropSize / (crop_pct || 0.875)),
    cropSize,
    interpolation: requireOneOf("interpolation", interpolation, [
      "bilinear",
      "bicubic",
    ]),
    mean: [mean[0], mean[1], mean[2]],
    std: [std[0], std[1], std[2]],
  };
}
