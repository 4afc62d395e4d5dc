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
