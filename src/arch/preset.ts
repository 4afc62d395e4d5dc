/** How a picture becomes the network's input, named as in torchvision's `ImageClassification`. */
export interface Preset {
  /** The shorter side after resizing, in pixels. */
  readonly resizeSize: number;
  /** Side of the square centre crop, in pixels. */
  readonly cropSize: number;
  /** PIL's antialiased filter used for resizing. */
  readonly interpolation: "bilinear" | "bicubic";
  /**
   * Subtracted from each channel, in the order of `channels`. Values are in 0..1; if a mean is above
   * 1, they are in 0..255, as Caffe's and MMDetection's.
   */
  readonly mean: readonly [number, number, number];
  /** Divides each channel, in the order of `channels`; in the unit of `mean`. */
  readonly std: readonly [number, number, number];
  /** The order in which the network gets channels: `"BGR"` for networks from Caffe. Default `"RGB"`. */
  readonly channels?: "RGB" | "BGR";
  /**
   * How the crop's corner is rounded if it falls between two pixels: `"down"` as in transformers.
   * Default `"halfToEven"`, as in torchvision and timm.
   */
  readonly cropRounding?: "halfToEven" | "down";
}

/** The evaluation preset of torchvision's first ImageNet weights (`IMAGENET1K_V1`). */
export const imagenetPreset: Preset = {
  resizeSize: 256,
  cropSize: 224,
  interpolation: "bilinear",
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
