/**
 * A picture file to what a network takes.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { decodeImage } from "../image/decode.ts";
import { normalize, resizeAndCrop } from "../image/transform.ts";
import type { ShapedArray } from "../output/layout.ts";

/** Where this module is, for workers that import it. */
export const moduleUrl: string = import.meta.url;

/** Decodes, resizes, crops and normalizes a picture: `[H, W, 3]`. */
export async function loadInput(
  file: string,
  preset: Preset,
): Promise<ShapedArray> {
  const crop = resizeAndCrop(await decodeImage(file), preset);
  return {
    data: normalize([crop], preset),
    shape: [crop.height, crop.width, 3],
  };
}
