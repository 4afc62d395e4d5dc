/**
 * The interface of an image format. A new format is a new file and a line in `decode.ts`.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import type { InputFrame } from "./crops.ts";
import type { Draft } from "./draft.ts";
import type { DecoderModules } from "./load_decoder.ts";
import type { ImageDataLike, RgbImage } from "./rgb_image.ts";

/** The size of a picture, as stored. */
export interface Size {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** What a file tells about its picture before decoding. */
export interface ImageHeader extends Size {
  /** The EXIF block, if there is one. */
  readonly exif?: Uint8Array;
}

/** A file format. Its errors say what is wrong; the caller adds the file's name. */
export interface ImageFormat<Header extends ImageHeader = ImageHeader> {
  /** Its name in messages. */
  readonly name: string;
  /** Whether the data start as this format does. */
  matches(bytes: Uint8Array): boolean;
  /**
   * Reads all but the compressed pixels, to the end of the file.
   *
   * @throws {Error} If the file is cut short, or damaged outside the pixels.
   */
  readHeader(bytes: Uint8Array): Header | Promise<Header>;
  /** Loads the decoder, which is large. */
  loadDecoder(modules: DecoderModules): Promise<Decoder<Header>>;
}

/** Decodes files whose headers were read. */
export interface Decoder<Header extends ImageHeader = ImageHeader> {
  /** Decodes to RGB8 or RGBA8 in new memory. */
  decode(
    bytes: Uint8Array,
    header: Header,
    draft?: Draft,
  ): ImageDataLike | Promise<ImageDataLike>;
  /** Decodes only what a crop needs, and resizes it meanwhile. */
  crop?(
    bytes: Uint8Array,
    header: Header,
    preset: Preset,
    frame: InputFrame,
    draft?: Draft,
  ): Promise<RgbImage>;
}

/** The error for a file that ends too soon. */
export function cutShort(where: string): Error {
  return new Error(`the file is cut short, ${where}`);
}

/** Checks the size that stands in one place, such as what a decoder says, against that in another. */
export function requireSize(
  { width, height }: Size,
  found: Size,
): void {
  if (found.width === width && found.height === height) return;
  throw new Error(
    `its size stands there twice, and differs: ${width}x${height} and ${found.width}x${found.height}`,
  );
}

/** Whether `bytes` has the ASCII `text` at `offset`. */
export function hasText(
  bytes: Uint8Array,
  offset: number,
  text: string,
): boolean {
  return offset + text.length <= bytes.length &&
    [...text].every((c, i) => c.charCodeAt(0) === bytes[offset + i]);
}
