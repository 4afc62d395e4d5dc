/**
 * The shape arithmetic of convolutions and pooling.
 *
 * @module
 */

/** A square window as in `torch.nn.Conv2d` and `torch.nn.MaxPool2d`. */
export interface Window {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** The length of one side after a window, by `torch.nn.Conv2d`'s formula. */
export function outputSize(
  size: number,
  { kernelSize, stride, padding, dilation = 1 }:
    & Omit<Window, "dilation">
    & Partial<Window>,
): number {
  const reach = dilation * (kernelSize - 1) + 1;
  return Math.floor((size + 2 * padding - reach) / stride) + 1;
}

/** The number of tiles that {@linkcode tilesOf} gives. */
export function tileCount(rows: number, most: number): number {
  const fitting = (most - rows % most) % most;
  return fitting * (most - 1) <= rows
    ? Math.ceil(rows / most)
    : Math.floor(rows / most) + 1;
}

/** Cuts rows into tiles of `most` rows, then tiles of one less, then the rest. */
export function tilesOf(rows: number, most: number): number[] {
  // most - 1 is -1 modulo most, so this many smaller tiles make up for the remainder.
  const fitting = (most - rows % most) % most;
  const small = fitting * (most - 1) <= rows ? fitting : 0;
  const left = rows - small * (most - 1);
  return [
    ...Array(Math.floor(left / most)).fill(most),
    ...Array(small).fill(most - 1),
    ...left % most ? [left % most] : [],
  ];
}
