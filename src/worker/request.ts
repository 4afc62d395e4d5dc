/**
 * What goes in and out of a worker, whatever the bytes look like.
 *
 * @module
 */

import type { FeatureType, FileFeatures } from "../tables/feature_table.ts";

/** A picture that is asked for. */
export interface PictureRequest {
  /** What to call it; without `content` the file to read. */
  readonly path: string;
  /** The picture file's bytes. */
  readonly content?: Uint8Array<ArrayBuffer>;
  /** Why it can't be asked for, if so. */
  readonly error?: Error;
}

/** What is answered in one piece: an Arrow batch, or a line. */
export type Request = readonly PictureRequest[];

/** The nodes of one picture, or why there are none, and how long it took. */
export interface PictureAnswer extends FileFeatures {
  /** Seconds from when the picture's turn had come until it was read, decoded and resized. */
  readonly decodeSeconds: number;
  /** Its share of the seconds that its batch was computed in. */
  readonly computeSeconds: number;
}

/** How requests are read and answers written. */
export interface Protocol {
  /** What is written before anything is asked: the worker is ready. */
  readonly head: Uint8Array;
  /** What is written after the last answer. */
  readonly tail: Uint8Array;
  /**
   * Reads requests, each when it is asked for, up to the end of the stream.
   *
   * @throws {SyntaxError} If what comes is no request, or ends inside of one.
   * @throws {RangeError} If a request is larger than allowed.
   */
  requests(input: ReadableStream<Uint8Array>): AsyncIterable<Request>;
  /** The answer to one request. */
  encode(answers: readonly PictureAnswer[]): Uint8Array;
}

/** What a protocol is made for. */
export interface ProtocolSettings {
  /** The nodes that are answered. */
  readonly columns: readonly FeatureType[];
  /** Bytes of a request, at most. */
  readonly maxBytes: number;
  /** Whether answers tell how long they took. */
  readonly timings: boolean;
  /** What the answers are made with: `{ arch, layout, pool, … }`. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** The error for a request that is too large. */
export function tooLarge(bytes: number | string, maxBytes: number): RangeError {
  return new RangeError(
    `cannot take a request: it has ${bytes} bytes, ${maxBytes} are allowed`,
  );
}
