import { asIs, expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";

/** `length` bytes from `offset` on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A file of known size with random access, in memory, on disk or on a server. */
export interface ByteSource {
  /** The name in error messages: a path, a URL, `"bytes"`. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset` on. The caller owns them.
   *
   * @throws {SyntaxError} If the file ends before that.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Announces the ranges that will be read, in order, so that they can be fetched ahead. */
  expect?(ranges: readonly ByteRange[]): void;
  /** Closes the file. Safe to call twice. */
  close(): void;
}

/** Throws a `SyntaxError` if a read would exceed its source. */
export function checkRange(
  source: ByteSource,
  offset: number,
  length: number,
): void {
  if (offset < 0 || length < 0 || offset + length > source.size) {
    throw endsEarly(source, offset, length);
  }
}

/** The error for a read beyond the end of its source. */
export function endsEarly(
  { name, size }: ByteSource,
  offset: number,
  length: number,
): SyntaxError {
  const bytes = `${length} bytes at byte ${offset}`;
  const got = asIs(`a file of ${size}`);
  return failReading(name)(expected("", bytes, got));
}
