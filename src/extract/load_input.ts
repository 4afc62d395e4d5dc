/**
 * A picture file to a network's input.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { decodeAndCrop, type DecodeOptions } from "../image/decode.ts";
import { normalize } from "../image/transform.ts";
import { release } from "../runtime/release.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** The URL of this module, for threads that import it. */
export const moduleUrl: string = import.meta.url;

/** A picture file in memory, with a name for errors. */
export interface NamedBytes {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Decodes, resizes, crops and normalizes a picture, from a path or from memory: `[H, W, 3]`. */
export async function loadInput(
  file: string | NamedBytes,
  preset: Preset,
  options?: DecodeOptions,
): Promise<ShapedArray> {
  const source = typeof file === "string"
    ? file
    : new File([file.content], file.path); // Errors name it.
  const crop = await decodeAndCrop(source, preset, options);
  const data = normalize([crop], preset);
  release(crop.data);
  return { data, shape: [crop.height, crop.width, 3] };
}
