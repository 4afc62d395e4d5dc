/**
 * A picture file to a network's input.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import type { InputFrame } from "../image/crops.ts";
import { decodeAndCrop, type DecodeOptions } from "../image/decode.ts";
import { normalize } from "../image/transform.ts";
import { namedFile, type NamedFileOptions } from "../runtime/named_file.ts";
import { readBytes } from "../runtime/open_source.ts";
import { release } from "../runtime/release.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** How {@linkcode extractFiles} reads picture files. */
export interface InputOptions
  extends
    Pick<DecodeOptions, "exifOrientation" | "maxPixels" | "warn">,
    InputFrame,
    NamedFileOptions {
  /**
   * Decodes JPEGs at 1/2, 1/4 or 1/8, no smaller than the transform's resize size, as PIL's
   * `Image.draft` does. Several times faster; features differ a little. Default `false`.
   */
  readonly draft?: boolean;
  /**
   * Seconds that decoding one picture may take: then its thread ends, the picture gets a
   * `RangeError`, and the others go to another thread. The last resort: the bounds on a picture's
   * size and scans don't depend on the machine. Pictures that are decoded on the calling thread, as
   * where the runtime has no `node:worker_threads`, have no such limit, since nothing can interrupt them.
   * Default 60.
   */
  readonly pictureSeconds?: number;
}

/** These options alone, of others too. */
export function inputOptions(given: InputOptions): InputOptions {
  const { draft, exifOrientation, maxPixels, region, crop, warn } = given;
  const { allowedHosts, root, pictureSeconds = 60 } = given;
  return {
    ...{ draft, exifOrientation, maxPixels, region, crop, warn },
    ...{ allowedHosts, root, pictureSeconds },
  };
}

/** The URL of this module, for threads that import it. */
export const moduleUrl: string = import.meta.url;

/** A picture file in memory, with a name for errors. */
export interface NamedBytes {
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Reads a picture file, unless it is in memory. */
export async function readInput(
  file: string | NamedBytes,
  options: NamedFileOptions,
): Promise<NamedBytes> {
  if (typeof file !== "string") return file;
  const { name, bytes } = await readBytes(await namedFile(file, options));
  return { path: name, content: bytes };
}

/** Decodes, resizes, crops and normalizes a picture, from a path or from memory: `[H, W, 3]`. */
export async function loadInput(
  file: string | NamedBytes,
  preset: Preset,
  { draft, ...options }: InputOptions & Omit<DecodeOptions, "draft"> = {},
): Promise<ShapedArray> {
  const { path: name, content: bytes } = await readInput(file, options);
  const { resizeSize } = preset;
  const crop = await decodeAndCrop({ name, bytes }, preset, {
    ...options,
    draft: draft ? [resizeSize, resizeSize] : undefined,
  });
  const data = normalize([crop], preset);
  release(crop.data);
  return { data, shape: [crop.height, crop.width, 3] };
}
