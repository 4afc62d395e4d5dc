/**
 * A picture file to what a network takes.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { decodeImage, type DecodeOptions } from "../image/decode.ts";
import { normalize, resizeAndCrop } from "../image/transform.ts";
import { release } from "../runtime/release.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** Where this module is, for workers that import it. */
export const moduleUrl: string = import.meta.url;

/** A picture file in memory, and what to call it. */
export interface NamedBytes {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Decodes, resizes, crops and normalizes a picture, a path's or that in memory: `[H, W, 3]`. */
export async function loadInput(
  file: string | NamedBytes,
  preset: Preset,
  options?: DecodeOptions,
): Promise<ShapedArray> {
  const source = typeof file === "string"
    ? file
    : new File([file.content], file.path); // Named so in errors.
  const image = await decodeImage(source, options);
  const crop = resizeAndCrop(image, preset);
  release(image.data);
  const data = normalize([crop], preset);
  release(crop.data);
  return { data, shape: [crop.height, crop.width, 3] };
}
