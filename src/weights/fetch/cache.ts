/**
 * What a cache of weights does.
 *
 * @module
 */

import type { ByteSource } from "../../runtime/byte_source.ts";
import type { Span } from "./span.ts";
import type { FileVersion } from "./remote_file.ts";

/** What is kept of a file. */
export interface KeptFile {
  readonly version: FileVersion;
  /** The parts that are there, ordered by offset; one may be the whole. */
  readonly parts: readonly Span[];
}

/** Whether a part is all of the file. */
export function isWhole({ size }: FileVersion, { offset, end }: Span): boolean {
  return offset === 0 && end === size;
}

/** Takes the bytes of a part, in order; it is there from `commit` on, and not before. */
export interface PartWriter {
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  /** Takes back what was written. Safe to call after a failure. */
  abort(): Promise<void>;
}

/**
 * Parts of files, kept for the next time. Processes may share it: a part is there whole or not
 * at all, and never changes.
 */
export interface WeightsCache {
  /** What is kept of the file at a URL, if anything; of one hash, if that is known beforehand. */
  find(url: string, sha256?: string): Promise<KeptFile | undefined>;
  /** A part that was found; undefined, and gone, if it is no longer what was written. */
  open(version: FileVersion, part: Span): Promise<ByteSource | undefined>;
  /** Starts a part. */
  create(version: FileVersion, part: Span): Promise<PartWriter>;
  /** Forgets the file at a URL, all versions and parts. */
  remove(url: string): Promise<void>;
  /** Everything that is kept. */
  list(): Promise<KeptFile[]>;
}
