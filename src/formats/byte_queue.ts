import { failReading } from "../errors/fail.ts";
import { GrowingBytes } from "../runtime/growing_bytes.ts";

/** Reads a stream by the byte; it holds one chunk of it at most. */
export class ByteQueue {
  /** Bytes taken so far. */
  position = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Bytes that have arrived and are not taken yet. */
  #rest: Uint8Array = new Uint8Array();

  constructor(
    /** The stream's name, for messages. */
    readonly name: string,
    stream: ReadableStream<Uint8Array>,
  ) {
    this.#reader = stream.getReader();
  }

  /**
   * The next `length` bytes, as a copy. It allocates no memory for bytes that don't arrive.
   *
   * @throws {SyntaxError} If the stream ends before.
   */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new GrowingBytes(length);
    while (bytes.length < length) {
      bytes.append(await this.#next(length - bytes.length));
    }
    return bytes.take();
  }

  /**
   * Skips the next `length` bytes.
   *
   * @throws {SyntaxError} If the stream ends before.
   */
  async skip(length: number): Promise<void> {
    while (length > 0) length -= (await this.#next(length)).length;
  }

  /** Whether the stream has ended and all of it is taken; waits until that is known. */
  async isAtEnd(): Promise<boolean> {
    return !await this.#fill();
  }

  /** Skips the rest, and waits for the stream's end. */
  async finish(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }

  /** Cancels the stream. Safe to call twice. */
  close(): void {
    // An error of the stream has been thrown by a read.
    this.#reader.cancel().catch(() => {});
  }

  /** At least one byte and at most `length`. */
  async #next(length: number): Promise<Uint8Array> {
    if (!await this.#fill()) {
      throw failReading(this.name)(`it is cut short at byte ${this.position}`);
    }
    const piece = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.position += piece.length;
    return piece;
  }

  /** Waits for bytes; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return false;
      this.#rest = value;
    }
    return true;
  }
}
