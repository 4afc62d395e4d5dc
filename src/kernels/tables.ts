/**
 * Tables of offsets: where in an image each tap of each output finds its input (Dukhan, "The
 * Indirect Convolution Algorithm", 2019). They depend on shapes only, so they are constants of a
 * program.
 *
 * @module
 */

import { outputSize, tilesOf, type Window } from "./geometry.ts";

/** The offset that stands for a row of zeros. */
const zeros = 0xffff_ffff;

/** The shape of an image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  /** Bytes of one pixel. */
  readonly pixelBytes: number;
}

/** The offsets for the tiles of a convolution, `[tile][tap][row]`. */
export function convolutionTable(
  { height, width, pixelBytes }: ImageShape,
  window: Window & { readonly tapsWide: number },
  most: number,
): Uint32Array {
  const { kernelSize, tapsWide, stride, padding, dilation } = window;
  const outHeight = outputSize(height, window);
  const outWidth = outputSize(width, window);
  const table = new Uint32Array(outHeight * outWidth * kernelSize * tapsWide);
  let to = 0, first = 0;
  for (const rows of tilesOf(outHeight * outWidth, most)) {
    for (let tapY = 0; tapY < kernelSize; tapY++) {
      for (let tapX = 0; tapX < tapsWide; tapX++) {
        for (let row = first; row < first + rows; row++) {
          const y = Math.floor(row / outWidth) * stride - padding +
            tapY * dilation;
          const x = row % outWidth * stride - padding + tapX * dilation;
          table[to++] = y < 0 || y >= height || x < 0 || x >= width
            ? zeros
            : (y * width + x) * pixelBytes;
        }
      }
    }
    first += rows;
  }
  return table;
}

/** The offsets of the pixels under each tile of a Winograd convolution, `[tile][pixel]`. */
export function winogradTable(
  { height, width, pixelBytes }: ImageShape,
  padding: number,
  outputs: number,
): Uint32Array {
  const side = outputs + 2;
  const tilesHigh = Math.ceil((height + 2 * padding - 2) / outputs);
  const tilesWide = Math.ceil((width + 2 * padding - 2) / outputs);
  const table = new Uint32Array(tilesHigh * tilesWide * side * side);
  let to = 0;
  for (let tile = 0; tile < tilesHigh * tilesWide; tile++) {
    const top = Math.floor(tile / tilesWide) * outputs - padding;
    const left = tile % tilesWide * outputs - padding;
    for (let pixel = 0; pixel < side * side; pixel++) {
      const y = top + Math.floor(pixel / side), x = left + pixel % side;
      table[to++] = y < 0 || y >= height || x < 0 || x >= width
        ? zeros
        : (y * width + x) * pixelBytes;
    }
  }
  return table;
}
