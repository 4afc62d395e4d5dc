import type { ByteSource } from "../../runtime/byte_source.ts";
import type { Span } from "./span.ts";
import type { FileVersion } from "./remote_file.ts";

/** A file of which parts are in the cache. */
export interface KeptFile {
  readonly version: FileVersion;
  /** The parts in the cache, ordered by offset; one may be the whole file. */
  readonly parts: readonly Span[];
}

/** Whether a part is the whole file. */
export function isWhole({ size }: FileVersion, { offset, end }: Span): boolean {
  return offset === 0 && end === size;
}

/** Takes the bytes of a part, in order; `commit` puts it into the cache. */
export interface PartWriter {
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  /** Discards what was written. Safe to call after a failure. */
  abort(): Promise<void>;
}

/**
 * Keeps parts of files for the next load. Processes may share it: a part is there whole or not at
 * all, and never changes.
 */
export interface WeightsCache {
  /** The file at a URL, if parts of it are in the cache; only with this hash, if it is known. */
  find(url: string, sha256?: string): Promise<KeptFile | undefined>;
  /** A part that `find` found; a damaged one is removed, and undefined. */
  open(version: FileVersion, part: Span): Promise<ByteSource | undefined>;
  /** Starts a part. */
  create(version: FileVersion, part: Span): Promise<PartWriter>;
  /** Removes the file at a URL, with all versions and parts. */
  remove(url: string): Promise<void>;
  /** All files. */
  list(): Promise<KeptFile[]>;
}
