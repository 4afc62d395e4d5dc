import type { JpegHeader } from "./jpeg_header.ts";
import type { Heap, RowReader } from "./rows.ts";

/** A build of libjpeg-turbo. It decodes one file at a time; after an error it is unusable. */
export interface JpegDecoder extends Heap {
  /**
   * Starts a picture of 1/denominator the size.
   *
   * @throws {Error} If the decoder finds another size than the header says, before it does any work.
   */
  open(bytes: Uint8Array, header: JpegHeader, denominator: number): RowReader;
  /** Frees all memory that the picture took. */
  close(): void;
}

/** The most memory of a decoder, in bytes: a progressive file of 48 megapixels takes some 450 MB. */
export const maxMemory = 2 ** 30;
