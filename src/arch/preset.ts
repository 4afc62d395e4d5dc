/** How a picture becomes the network's input, in the words of torchvision's `ImageClassification`. */
export interface Preset {
  /** The shorter side after resizing, in pixels. */
  readonly resizeSize: number;
  /** Side of the square centre crop, in pixels. */
  readonly cropSize: number;
  /** PIL's antialiased filter used for resizing. */
  readonly interpolation: "bilinear";
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
