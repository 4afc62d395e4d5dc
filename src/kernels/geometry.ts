/**
 * Shape arithmetic of convolutions and pooling: pure functions.
 *
 * @module
 */

/** A window as `torch.nn.Conv2d` and `torch.nn.MaxPool2d` have it, the same for both directions. */
export interface Window {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** Length of one side after a window (`torch.nn.Conv2d`'s formula); dilation 1 if it has none. */
export function outputSize(
  size: number,
  { kernelSize, stride, padding, dilation = 1 }:
    & Omit<Window, "dilation">
    & Partial<Window>,
): number {
  const reach = dilation * (kernelSize - 1) + 1;
  return Math.floor((size + 2 * padding - reach) / stride) + 1;
}

/** Tiles of `most` rows, then tiles of one less, then a tile of the rest. */
export function tilesOf(rows: number, most: number): number[] {
  // most - 1 is -1 modulo most: that many smaller tiles fill up what the larger ones leave.
  const fitting = (most - rows % most) % most;
  const small = fitting * (most - 1) <= rows ? fitting : 0;
  const left = rows - small * (most - 1);
  return [
    ...Array(Math.floor(left / most)).fill(most),
    ...Array(small).fill(most - 1),
    ...left % most ? [left % most] : [],
  ];
}
