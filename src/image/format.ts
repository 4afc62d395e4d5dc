/**
 * The interface of an image format. A new format is a new file and a line in `decode.ts`.
 *
 * @module
 */

import type { ImageDataLike } from "./rgb_image.ts";
import type { DecoderModules } from "./load_decoder.ts";

/** What a file tells about its picture before decoding. */
export interface ImageHeader {
  /** Pixels in a row, as stored. */
  readonly width: number;
  /** Rows, as stored. */
  readonly height: number;
  /** The EXIF block, if there is one. */
  readonly exif?: Uint8Array;
}

/** A file format. Its errors say what is wrong; the caller adds the file's name. */
export interface ImageFormat {
  /** Its name in messages. */
  readonly name: string;
  /** Whether the data start as this format does. */
  matches(bytes: Uint8Array): boolean;
  /**
   * Reads all but the compressed pixels, to the end of the file.
   *
   * @throws {Error} If the file is cut short, or damaged outside the pixels.
   */
  readHeader(bytes: Uint8Array): ImageHeader;
  /** Loads the decoder, which is large. */
  loadDecoder(modules: DecoderModules): Promise<Decode>;
}

/** Decodes a file whose header was read, to RGBA8 in new memory. */
export type Decode = (bytes: Uint8Array) => Promise<ImageDataLike>;

/** The error for a file that ends too soon. */
export function cutShort(where: string): Error {
  return new Error(`the file is cut short, ${where}`);
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
