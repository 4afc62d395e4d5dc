/**
 * JPEG, PNG and WebP to RGB8.
 *
 * @module
 */

import { warnOnConsole } from "../errors/printable.ts";
import type { Preset } from "../arch/preset.ts";
import { expected } from "../errors/expected.ts";
import { displayed } from "./display.ts";
import { checkWhole, type InputFrame } from "./crops.ts";
import { checkDraft } from "./draft.ts";
import type { ImageFormat } from "./format.ts";
import { type RgbImage, toRgb } from "./rgb_image.ts";
import { jpeg } from "./jpeg.ts";
import type { DecoderModules } from "./load_decoder.ts";
import { orient, readOrientation } from "./orientation.ts";
import { unsupported } from "./other_formats.ts";
import { png } from "./png.ts";
import {
  type FileBytes,
  type FileSource,
  readBytes,
} from "../runtime/open_source.ts";
import { checkRegion, type Region, sizeOf } from "./region.ts";
import { loadResize } from "./resize_simd.ts";
import { release } from "../runtime/release.ts";
import { resizeAndCrop } from "./transform.ts";
import { webp } from "./webp.ts";

/** The supported file formats. */
const formats: readonly ImageFormat[] = [jpeg, png, webp];

/** Options of {@linkcode decodeImage}. */
export interface DecodeOptions {
  /**
   * Turns the picture by its EXIF orientation, as PIL's `ImageOps.exif_transpose`. torchvision
   * doesn't. Default `false`.
   */
  readonly exifOrientation?: boolean;
  /**
   * Rejects larger pictures before decoding them. Default 178,956,970 pixels, and a warning above
   * half as many, as in PIL.
   */
  readonly maxPixels?: number;
  /**
   * PIL's `Image.draft`: decodes a JPEG at 1/2, 1/4 or 1/8 of its size, the smallest that is no
   * smaller than `[width, height]`. Several times faster, and close to the full picture resized.
   * Other formats ignore it. Default: the full size.
   */
  readonly draft?: readonly [width: number, height: number];
  /**
   * Takes a part of the picture alone: `[x, y, width, height]` in pixels, after turning it. It can't
   * be combined with `draft`. Default: all of it.
   */
  readonly region?: Region;
  /** Compiled decoders, for runtimes that can't import `.wasm` modules. */
  readonly modules?: DecoderModules;
  /** Called with a warning. Default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** PIL's `MAX_IMAGE_PIXELS`: it warns of more pixels, and rejects more than twice as many. */
const suspectPixels = 89_478_485;

/**
 * Decodes a JPEG, PNG or WebP file to RGB8, exactly as PIL's `convert("RGB")`: drops alpha, without
 * compositing, and ignores colour profiles. Of an animation it gives the first picture. One difference:
 * of 16-bit grey PNGs, which PIL clips, it takes the high byte. It decodes on the calling thread, so
 * no time limit is possible; the bounds are on pixels, and a JPEG's scans.
 *
 * @param source The file's bytes, a `Blob`, a URL, or a path. A string is a URL if it starts with
 *   `http:`, `https:`, `file:`, `data:` or `blob:`. The content tells the format.
 * @returns RGB pixels, as stored unless `exifOrientation` is set.
 * @throws {SyntaxError} If the data has another format, or is damaged or cut short.
 * @throws {RangeError} If the picture has more than `maxPixels`, or an option is out of bounds.
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
 *
 * @example A preview of a large photo
 * ```ts
 * import { decodeImage } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const photo = "examples/images/rocket.jpg"; // 640x427
 * const { width, height } = await decodeImage(photo, { draft: [256, 200] });
 * assert.deepEqual([width, height], [320, 214]);
 * ```
 */
export async function decodeImage(
  source: FileSource,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  const opened = await open(await readBytes(source), options);
  return displayed(await opened.decode());
}

/**
 * Decodes a file, resizes and crops it for a network, as {@linkcode resizeAndCrop} does; of a JPEG
 * only what the crop needs, with no whole picture in memory.
 */
export async function decodeAndCrop(
  file: FileBytes,
  preset: Preset,
  options: DecodeOptions & InputFrame = {},
): Promise<RgbImage> {
  return await (await open(file, options)).crop(preset, options.crop);
}

/** Reads a file's header, and loads what decodes the rest. */
async function open({ name, bytes }: FileBytes, options: DecodeOptions) {
  const { exifOrientation = false, modules = {}, draft, region } = options;
  const { maxPixels = 2 * suspectPixels, warn = warnOnConsole } = options;
  if (!(maxPixels > 0)) {
    throw new RangeError(expected("maxPixels", "a positive number", maxPixels));
  }
  if (draft) checkDraft(draft);
  if (draft && region) {
    const what = "no region with it";
    throw new RangeError(expected("draft", what, region, "leave one out"));
  }
  const format = formatOf(bytes);
  if (!format) {
    throw new SyntaxError(`cannot decode "${name}": ${unsupported(bytes)}`);
  }
  const cannot = (reason: string) =>
    `cannot decode "${name}" as ${format.name}: ${reason}`;
  const parse = async <T>(step: () => T | Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (cause) {
      throw new SyntaxError(cannot((cause as Error).message), { cause });
    }
  };

  const header = await parse(() => format.readHeader(bytes));
  const { width, height } = header;
  const size = `${width * height} pixels (${width}x${height})`;
  if (width * height > maxPixels) {
    throw new RangeError(cannot(`it has ${size}; maxPixels is ${maxPixels}`));
  }
  if (width * height > suspectPixels && options.maxPixels === undefined) {
    warn(`"${name}" has ${size}; set maxPixels if you expect so many`);
  }
  const orientation = exifOrientation && header.exif
    ? readOrientation(header.exif)
    : 1;
  if (region) {
    const turned = orientation > 4 ? { width: height, height: width } : header;
    checkRegion(region, turned);
  }
  const [decoder] = await Promise.all([
    format.loadDecoder(modules),
    loadResize(modules.resize), // For `preprocess`, which can't wait.
  ]);
  const decode = async (): Promise<RgbImage> => {
    const decoded = await parse(() => decoder.decode(bytes, header, draft));
    const image = toRgb(decoded);
    if (image.data.buffer !== decoded.data.buffer) release(decoded.data);
    return toRgb(orient(image, orientation), region);
  };
  const crop = async (preset: Preset, kind: InputFrame["crop"]) => {
    if (decoder.crop && orientation === 1) {
      if (kind === "none") checkWhole(region ? sizeOf(region) : header, preset);
      const frame = { region, crop: kind };
      const { crop } = decoder;
      return await parse(() => crop(bytes, header, preset, frame, draft));
    }
    const image = await decode();
    const [crop] = resizeAndCrop(image, preset, { crop: kind });
    release(image.data);
    return crop;
  };
  return { decode, crop };
}

/** The format of a file, by its first bytes. */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  return formats.find((format) => format.matches(bytes));
}
