/**
 * EXIF orientation: reads it, and rotates a picture by it as PIL's `ImageOps.exif_transpose`.
 *
 * @module
 */

import type { RgbImage } from "./rgb_image.ts";

const ORIENTATION_TAG = 0x0112;

/** The orientation 1..8 in an EXIF block, with or without a leading `Exif\0\0`; 1 by default. */
export function readOrientation(exif: Uint8Array): number {
  const tiff = exif[0] === 0x45 ? exif.subarray(6) : exif;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const littleEndian = tiff[0] === 0x49;
  try {
    const directory = view.getUint32(4, littleEndian);
    const entries = view.getUint16(directory, littleEndian);
    for (let i = 0; i < entries; i++) {
      const entry = directory + 2 + 12 * i;
      if (view.getUint16(entry, littleEndian) === ORIENTATION_TAG) {
        const value = view.getUint16(entry + 8, littleEndian);
        return value >= 1 && value <= 8 ? value : 1;
      }
    }
  } catch (error) {
    // Truncated or damaged EXIF is common; the picture is fine without it.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** Rotates and mirrors a picture by its EXIF orientation, 1..8. */
export function orient(image: RgbImage, orientation: number): RgbImage {
  if (orientation === 1) return image;
  const { width: w, height: h, data } = image;
  // The first source pixel, then the steps to the right and down, in pixels.
  const [origin, right, down] = [
    [w - 1, -1, w], // 2: mirrored
    [w * h - 1, -1, -w], // 3: rotated by 180 degrees
    [w * (h - 1), 1, -w], // 4: upside down
    [0, w, 1], // 5: transposed
    [w * (h - 1), -w, 1], // 6: rotate clockwise
    [w * h - 1, -w, -1], // 7: transposed over the other diagonal
    [w - 1, w, -1], // 8: rotate counterclockwise
  ][orientation - 2];
  const [width, height] = orientation < 5 ? [w, h] : [h, w];
  const out = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = 3 * (origin + y * down);
    for (let x = 0; x < width; x++) {
      out[to++] = data[from];
      out[to++] = data[from + 1];
      out[to++] = data[from + 2];
      from += 3 * right;
    }
  }
  return { width, height, data: out };
}
