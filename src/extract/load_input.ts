/**
 * A picture file to a network's input.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { decodeAndCrop, type DecodeOptions } from "../image/decode.ts";
import { normalize } from "../image/transform.ts";
import { namedFile, type NamedFileOptions } from "../runtime/named_file.ts";
import { release } from "../runtime/release.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** How {@linkcode extractFiles} reads picture files. */
export interface InputOptions
  extends
    Pick<DecodeOptions, "exifOrientation" | "maxPixels" | "warn">,
    NamedFileOptions {
  /**
   * Decodes JPEGs at 1/2, 1/4 or 1/8, no smaller than the transform's resize size, as PIL's
   * `Image.draft` does. Several times faster; features differ a little. Default `false`.
   */
  readonly draft?: boolean;
}

/** These options alone, of others too. */
export function inputOptions(
  { draft, exifOrientation, maxPixels, warn, allowedHosts, root }: InputOptions,
): InputOptions {
  return { draft, exifOrientation, maxPixels, warn, allowedHosts, root };
}

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
  { draft, ...options }: InputOptions & Omit<DecodeOptions, "draft"> = {},
): Promise<ShapedArray> {
  const source = typeof file === "string"
    ? await namedFile(file, options)
    : new File([file.content], file.path); // Errors name it.
  const { resizeSize } = preset;
  const crop = await decodeAndCrop(source, preset, {
    ...options,
    draft: draft ? [resizeSize, resizeSize] : undefined,
  });
  const data = normalize([crop], preset);
  release(crop.data);
  return { data, shape: [crop.height, crop.width, 3] };
}
