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
  expect?(
    ranges: readonly { readonly offset: number; readonly length: number }[],
  ): void;
  /** Closes the file. Safe to call twice. */
  close(): void;
}
