/** Bytes of a stream, taken so many at a time; no more than a chunk is read ahead. */
export class ByteQueue {
  /** How many bytes have been taken. */
  position = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What has arrived and was not taken. */
  #rest: Uint8Array = new Uint8Array();

  constructor(
    /** What error messages call it. */
    readonly name: string,
    stream: ReadableStream<Uint8Array>,
  ) {
    this.#reader = stream.getReader();
  }

  /**
   * The next `length` bytes, as a copy. Nothing is allocated for bytes that don't arrive.
   *
   * @throws {SyntaxError} If the stream ends before.
   */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const piece = await this.#next(left);
      pieces.push(piece);
      left -= piece.length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /**
   * Passes over the next `length` bytes.
   *
   * @throws {SyntaxError} If the stream ends before.
   */
  async skip(length: number): Promise<void> {
    while (length > 0) length -= (await this.#next(length)).length;
  }

  /** Whether the stream has ended and all of it was taken; waits until that is known. */
  async isAtEnd(): Promise<boolean> {
    return !await this.#fill();
  }

  /** Passes over the rest, and waits for the stream's end. */
  async finish(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }

  /** Cancels the stream. Safe to call twice. */
  close(): void {
    // Whoever feeds it may have failed already, and has said so.
    this.#reader.cancel().catch(() => {});
  }

  /** What there is, at least one byte and at most `length`. */
  async #next(length: number): Promise<Uint8Array> {
    if (!await this.#fill()) {
      throw new SyntaxError(
        `cannot read "${this.name}": it ends at byte ${this.position}, where more was to come`,
      );
    }
    const piece = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.position += piece.length;
    return piece;
  }

  /** Waits until something is there to be taken; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }
}
