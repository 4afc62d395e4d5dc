/**
 * JPEG files of four components, CMYK and YCCK, by a decoder that knows only three.
 *
 * mozjpeg refuses to make RGB of them, so it decodes two files of three components each, made of
 * the same compressed data: one without K, one with K in place of the third.
 *
 * @module
 */

import type { Decode } from "./format.ts";
import type { ImageDataLike } from "./rgb_image.ts";
import { withoutComponent } from "./jpeg_components.ts";
import { APP14, segments } from "./jpeg_segments.ts";

/** What the Adobe segment of a file with three components can say. */
const RGB = 0;
const YCBCR = 1;

/**
 * Decodes to RGBA as PIL does: with the inverted inks that Adobe writes, multiplied in integers
 * (`cmyk2rgb` in PIL's `Convert.c`).
 */
export async function decodeFourComponents(
  bytes: Uint8Array,
  decode: Decode,
): Promise<ImageDataLike> {
  const isYcck = adobeTransform(bytes) !== 0;
  const { width, height, data: inks } = await decode(
    withoutComponent(bytes, 3, isYcck ? YCBCR : RGB),
  );
  const { data: blacks } = await decode(withoutComponent(bytes, 2, RGB));
  // CMYK files hold the inks inverted; YCCK, decoded as YCbCr, gives them upright.
  const inversion = isYcck ? 0 : 255;
  for (let i = 0; i < inks.length; i += 4) {
    const light = blacks[i + 2];
    for (let c = i; c < i + 3; c++) {
      inks[c] = light - multiply(inks[c] ^ inversion, light);
    }
  }
  return { width, height, data: inks };
}

/** `MULDIV255` of PIL: `a * b / 255`, rounded. */
function multiply(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/** What Adobe's segment says: 0 for CMYK, as where there is no such segment, else YCCK. */
function adobeTransform(bytes: Uint8Array): number {
  for (const { marker, payload } of segments(bytes)) {
    if (marker === APP14) return payload[11];
  }
  return 0;
}
