/**
 * What goes in and out of a worker, whatever the bytes look like.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import type { FeatureType, FileFeatures } from "../tables/feature_table.ts";

/** One picture of a request. */
export interface PictureRequest {
  /** Its name in the answer; without `content`, the file to read. */
  readonly path: string;
  /** The bytes of the picture file. */
  readonly content?: Uint8Array<ArrayBuffer>;
  /** Why this entry can't be read. */
  readonly error?: Error;
}

/** Pictures that are answered in one piece: an Arrow batch, or a line. */
export type WorkerRequest = readonly PictureRequest[];

/** The nodes of one picture, or its error, and the time it took. */
export interface PictureAnswer extends FileFeatures {
  /** Seconds to read, decode and resize the picture. */
  readonly decodeSeconds: number;
  /** Its share of the seconds that its batch took in the network. */
  readonly computeSeconds: number;
}

/** Reads requests and writes answers. */
export interface Protocol {
  /** Bytes to write as soon as the worker is ready. */
  readonly head: Uint8Array;
  /** Bytes to write after the last answer. */
  readonly tail: Uint8Array;
  /**
   * Parses requests one at a time, up to the end of the stream.
   *
   * @throws {SyntaxError} If the bytes are not a request, or end inside one.
   * @throws {RangeError} If a request is too large.
   */
  requests(input: ReadableStream<Uint8Array>): AsyncIterable<WorkerRequest>;
  /** The answer to one request. */
  encode(answers: readonly PictureAnswer[]): Uint8Array;
}

/** What both protocols need to know. */
export interface ProtocolSettings {
  /** The nodes in each answer. */
  readonly columns: readonly FeatureType[];
  /** The most bytes that a request may have. */
  readonly maxBytes: number;
  /** Whether answers include their timings. */
  readonly timings: boolean;
  /** How the features are made: `{ arch, layout, pool, … }`. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** The error for a request that is too large. */
export function tooLarge(bytes: number | string, maxBytes: number): RangeError {
  return new RangeError(
    expected(
      "request",
      `at most ${maxBytes} bytes`,
      asIs(`${bytes}`),
      "raise maxBytes",
    ),
  );
}
