/**
 * JPEG files of four components, CMYK and YCCK, with a decoder for three.
 *
 * mozjpeg doesn't convert them to RGB. So it decodes two files of three components each, made from
 * the same compressed data: one without K, one with K in place of the third.
 *
 * @module
 */

import type { Decode } from "./format.ts";
import type { ImageDataLike } from "./rgb_image.ts";
import { withoutComponent } from "./jpeg_components.ts";
import { APP14, segments } from "./jpeg_segments.ts";

/** Values of the Adobe segment in a file with three components. */
const RGB = 0;
const YCBCR = 1;

/**
 * Decodes to RGBA as PIL does: the inverted inks that Adobe writes, multiplied in integers
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
  // CMYK files hold inverted inks; YCCK, decoded as YCbCr, gives them as they are.
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

/** The value of Adobe's segment: 0 (or no segment) for CMYK, else YCCK. */
function adobeTransform(bytes: Uint8Array): number {
  for (const { marker, payload } of segments(bytes)) {
    if (marker === APP14) return payload[11];
  }
  return 0;
}
