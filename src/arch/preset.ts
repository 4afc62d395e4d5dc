/** How a picture becomes the network's input, in the words of torchvision's `ImageClassification`. */
export interface Preset {
  /** The shorter side after resizing, in pixels. */
  readonly resizeSize: number;
  /** Side of the square centre crop, in pixels. */
  readonly cropSize: number;
  /** PIL's antialiased filter used for resizing. */
  readonly interpolation: "bilinear" | "bicubic";
  /** Subtracted from each channel of the picture in 0..1, in RGB order. */
  readonly mean: readonly [number, number, number];
  /** Each channel is divided by it. */
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

/** What timm says of a network's input: `model.pretrained_cfg`, or `config.json` at Hugging Face. */
export interface TimmConfig {
  /** `[3, height, width]`. */
  readonly input_size: readonly number[];
  /** `"bilinear"` or `"bicubic"`. */
  readonly interpolation: string;
  /** The crop's side in shares of the size before. Default 0.875. */
  readonly crop_pct?: number | null;
  /** Only `"center"`, the default. */
  readonly crop_mode?: string;
  /** By channel, in RGB order. */
  readonly mean: readonly number[];
  /** By channel, in RGB order. */
  readonly std: readonly number[];
}

/**
 * The preset that does what timm's evaluation transform does.
 *
 * @throws {RangeError} If the crop is not square or not from the middle, or PIL's filter is none of
 *   those that a {@linkcode Preset} has.
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
  const refuse = (what: string, allowed: string) =>
    new RangeError(`presetFromTimm: ${what}, ${allowed} is allowed`);
  const [channels, height, cropSize] = input_size;
  if (channels !== 3 || height !== cropSize) {
    throw refuse(`input_size is [${input_size}]`, "[3, side, side]");
  }
  if (interpolation !== "bilinear" && interpolation !== "bicubic") {
    throw refuse(`interpolation is "${interpolation}"`, "bilinear or bicubic");
  }
  if (crop_mode !== undefined && crop_mode !== "center") {
    throw refuse(`crop_mode is "${crop_mode}"`, "center");
  }
  return {
    resizeSize: Math.floor(cropSize / (crop_pct || 0.875)),
    cropSize,
    interpolation,
    mean: [mean[0], mean[1], mean[2]],
    std: [std[0], std[1], std[2]],
  };
}
