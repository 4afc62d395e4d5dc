/**
 * What a file format is to the decoder: a new one is one new file and a line in `decode.ts`.
 *
 * @module
 */

import type { ImageDataLike } from "./rgb_image.ts";
import type { DecoderModules } from "./load_decoder.ts";

/** What a file says of its picture before that is decoded. */
export interface ImageHeader {
  /** Pixels in a row, as stored. */
  readonly width: number;
  /** Rows, as stored. */
  readonly height: number;
  /** The EXIF block, if there is one. */
  readonly exif?: Uint8Array;
}

/** A file format. Errors say what is wrong with the data; the caller adds which data. */
export interface ImageFormat {
  /** As it stands in messages. */
  readonly name: string;
  /** Whether the data begin as this format does. */
  matches(bytes: Uint8Array): boolean;
  /**
   * Reads what stands outside the compressed pixels, to the end of the file.
   *
   * @throws {Error} If the file is damaged there, or cut short.
   */
  readHeader(bytes: Uint8Array): ImageHeader;
  /** Loads what decodes it, which is heavy. */
  loadDecoder(modules: DecoderModules): Promise<Decode>;
}

/** Decodes one file whose header was read, as RGBA8 in memory of its own. */
export type Decode = (bytes: Uint8Array) => Promise<ImageDataLike>;

/** The error for a file that ends too soon. */
export function cutShort(where: string): Error {
  return new Error(`the file is cut short, ${where}`);
}

/** Whether ASCII `text` stands in `bytes` at `offset`. */
export function hasText(
  bytes: Uint8Array,
  offset: number,
  text: string,
): boolean {
  return offset + text.length <= bytes.length &&
    [...text].every((c, i) => c.charCodeAt(0) === bytes[offset + i]);
}
