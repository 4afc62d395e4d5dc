/**
 * Pictures in: JPEG, PNG and WebP to RGB8.
 *
 * @module
 */

import type { ImageFormat } from "./format.ts";
import { type RgbImage, toRgb } from "./rgb_image.ts";
import { jpeg } from "./jpeg.ts";
import type { DecoderModules } from "./load_decoder.ts";
import { orient, readOrientation } from "./orientation.ts";
import { png } from "./png.ts";
import { type FileSource, readBytes } from "../runtime/open_source.ts";
import { release } from "../runtime/release.ts";
import { webp } from "./webp.ts";

/** The kinds of pictures that can be decoded. */
export const formats: readonly ImageFormat[] = [jpeg, png, webp];

/** How {@linkcode decodeImage} decodes. */
export interface DecodeOptions {
  /** Turn the picture as its EXIF orientation says. PIL and torchvision don't. Default `false`. */
  readonly exifOrientation?: boolean;
  /** Refuse pictures of more pixels, before decoding them. Default 89,478,485, PIL's limit. */
  readonly maxPixels?: number;
  /** Compiled decoders, for runtimes that can't import `.wasm` modules by themselves. */
  readonly modules?: DecoderModules;
}

/**
 * Decodes a JPEG, PNG or WebP file to RGB8, exactly as PIL's `convert("RGB")`: alpha is dropped,
 * nothing is composited, colour profiles are ignored. Two differences: PIL clips 16-bit grey PNGs,
 * here their high byte is taken; JPEGs with chroma halved in height only (4:4:0) agree within 2
 * levels.
 *
 * @param source The file's bytes, a `Blob`, a URL, or a path. A string is a URL if it begins with
 * `http:`, `https:`, `file:`, `data:` or `blob:`. What kind of picture it is, its content says.
 * @throws {SyntaxError} If the data are no such picture, are damaged or cut short.
 * @throws {RangeError} If the picture has more than `maxPixels`.
 * @throws {TypeError} If `source` is none of the above.
 * @throws {Error} If the file can't be read, or this runtime can't load the decoder.
 *
 * @example A photo from disk
 * ```ts
 * import { decodeImage } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const { width, height, data } = await decodeImage("examples/images/chelsea.png");
 * assert.deepEqual([width, height, data.length], [451, 300, 451 * 300 * 3]);
 * ```
 */
export async function decodeImage(
  source: FileSource,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  const { exifOrientation = false, maxPixels = 89_478_485, modules = {} } =
    options;
  if (!(maxPixels > 0)) {
    throw new RangeError(`maxPixels: must be above 0, not ${maxPixels}`);
  }
  const { name, bytes } = await readBytes(source);
  const cannot = (reason: string) => `cannot decode "${name}": ${reason}`;
  const parse = async <T>(step: () => T | Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (cause) {
      throw new SyntaxError(cannot((cause as Error).message), { cause });
    }
  };

  const format = formats.find((format) => format.matches(bytes));
  if (!format) throw new SyntaxError(cannot(noSignature(bytes)));
  const header = await parse(() => format.readHeader(bytes));
  const { width, height } = header;
  if (width * height > maxPixels) {
    throw new RangeError(
      cannot(
        `its ${width}x${height} pixels are more than the ${maxPixels} that maxPixels allows`,
      ),
    );
  }
  const decode = await format.loadDecoder(modules);
  const decoded = await parse(() => decode(bytes));
  const image = toRgb(decoded);
  release(decoded.data);
  return exifOrientation && header.exif
    ? orient(image, readOrientation(header.exif))
    : image;
}

/** What stands where a signature should. */
function noSignature(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty";
  const start = [...bytes.subarray(0, 4)]
    .map((byte) => byte.toString(16).padStart(2, "0"));
  const names = formats.map((format) => format.name);
  const last = names.pop();
  return `it starts with ${start.join(" ")}, no ${
    names.join(", ")
  } or ${last} signature`;
}
