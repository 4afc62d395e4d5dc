/**
 * RGB8 to PNG.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { type Picture, type RgbImage, toRgb } from "./rgb_image.ts";

/**
 * Encodes a picture as a PNG file: RGB with 8 bits per channel, without an alpha channel.
 *
 * @param picture A picture; alpha is dropped.
 * @param options.dpi Pixels per inch, for programs that set or print the file. Default: not said.
 * @returns The file's bytes.
 * @throws {TypeError | RangeError} If it isn't a picture, as {@linkcode toRgb}, or `dpi` isn't
 *   positive.
 *
 * @example To PNG and back
 * ```ts
 * import { decodeImage, encodePng } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const image = { width: 2, height: 1, data: new Uint8Array([255, 0, 0, 0, 0, 255]) };
 * assert.deepEqual(await decodeImage(await encodePng(image, { dpi: 300 })), image);
 * ```
 */
export async function encodePng(
  picture: Picture,
  { dpi }: { readonly dpi?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (dpi !== undefined && !(dpi > 0 && dpi <= 1e6)) {
    throw new RangeError(expected("dpi", "a positive number", dpi));
  }
  const image = toRgb(picture);
  const { chunkOf, pngFile } = await import("./png_chunks.ts");
  const { filterRows } = await import("./png_filter.ts");
  const { deflateZlib } = await import("./zlib.ts");
  return pngFile([
    chunkOf("IHDR", header(image)),
    ...(dpi ? [chunkOf("pHYs", density(dpi))] : []),
    chunkOf("IDAT", await deflateZlib(filterRows(image))),
  ]);
}

/** 8 bits, RGB, no interlacing. */
function header({ width, height }: RgbImage): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set([8, 2], 8);
  return bytes;
}

/** Pixels per metre, across and down. */
function density(dpi: number): Uint8Array {
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  const perMetre = Math.max(1, Math.round(dpi / 0.0254));
  view.setUint32(0, perMetre);
  view.setUint32(4, perMetre);
  bytes[8] = 1;
  return bytes;
}
