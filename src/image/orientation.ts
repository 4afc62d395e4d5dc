/**
 * EXIF orientation: finding it, and turning a picture by it as PIL's `ImageOps.exif_transpose`.
 *
 * @module
 */

import type { RgbImage } from "./rgb_image.ts";

const ORIENTATION_TAG = 0x0112;

/** The orientation 1..8 in an EXIF block, with or without `Exif\0\0` before it; 1 if it has none. */
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
    // Cut or damaged EXIF, which is common and no reason to refuse the picture.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** The picture as it is to be seen, for the orientation 1..8 that its EXIF gives. */
export function orient(image: RgbImage, orientation: number): RgbImage {
  if (orientation === 1) return image;
  const { width: w, height: h, data } = image;
  // The source pixel that comes first, then the steps to the right and down, in pixels.
  const [origin, right, down] = [
    [w - 1, -1, w], // 2: mirrored
    [w * h - 1, -1, -w], // 3: turned by 180 degrees
    [w * (h - 1), 1, -w], // 4: upside down
    [0, w, 1], // 5: transposed
    [w * (h - 1), -w, 1], // 6: to be turned clockwise
    [w * h - 1, -w, -1], // 7: transposed along the other diagonal
    [w - 1, w, -1], // 8: to be turned counterclockwise
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
