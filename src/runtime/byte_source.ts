/**
 * Bytes that are read where they are needed: what the file formats of this folder read from.
 *
 * @module
 */

/** A file of known size, in memory, on disk or on a server, with random access. */
export interface ByteSource {
  /** What error messages call it: a path, a URL, `"bytes"`. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset` on, as a copy that belongs to the caller.
   *
   * @throws {SyntaxError} If the source ends before that: the file is cut short.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Told which ranges will be read, in that order, so that they can be fetched ahead. */
  expect?(
    ranges: readonly { readonly offset: number; readonly length: number }[],
  ): void;
  /** Closes the file behind it, if there is one. Safe to call twice. */
  close(): void;
}
