/**
 * RGB8 to PNG.
 *
 * @module
 */

import { type Picture, toRgb } from "./rgb_image.ts";
import { type DecoderModules, loadDecoder } from "./load_decoder.ts";

/**
 * Encodes a picture as an RGB PNG file.
 *
 * @param picture A picture; alpha is dropped.
 * @param options.modules The compiled codec, `png`, for runtimes that can't import `.wasm` modules.
 * @returns The file's bytes.
 * @throws {TypeError | RangeError} If it isn't a picture, as {@linkcode toRgb}.
 * @throws {Error} If this runtime can't load the codec.
 *
 * @example To PNG and back
 * ```ts
 * import { decodeImage, encodePng } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const image = { width: 2, height: 1, data: new Uint8Array([255, 0, 0, 0, 0, 255]) };
 * assert.deepEqual(await decodeImage(await encodePng(image)), image);
 * ```
 */
export async function encodePng(
  picture: Picture,
  options: { readonly modules?: DecoderModules } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, data } = toRgb(picture);
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from];
    rgba[to + 1] = data[from + 1];
    rgba[to + 2] = data[from + 2];
  }
  const module = await loadDecoder("png", options.modules ?? {});
  const { encodeRgba } = await import("./png_codec.ts");
  return encodeRgba(module, { width, height, data: rgba });
}
