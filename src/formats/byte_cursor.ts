import { release } from "../runtime/release.ts";
import type { ByteSource } from "../runtime/byte_source.ts";

/** Bytes to read at once when fewer are needed. */
const windowBytes = 1 << 16;

/** Reads a source from front to back, as a `ByteQueue` reads a stream; skipped bytes are not read. */
export class ByteCursor {
  /** Bytes taken so far. */
  position = 0;
  readonly #source: ByteSource;
  /** The bytes from {@linkcode #start} on. */
  #window: Uint8Array<ArrayBuffer> = new Uint8Array();
  #start = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The source's name, for messages. */
  get name(): string {
    return this.#source.name;
  }

  /**
   * The next `length` bytes, as a copy.
   *
   * @throws {SyntaxError} If the source ends before.
   */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { position } = this, source = this.#source;
    this.position += length;
    if (length > windowBytes) return await source.read(position, length);
    const end = this.#start + this.#window.length;
    if (position < this.#start || position + length > end) {
      release(this.#window);
      const left = source.size - position;
      this.#start = position;
      this.#window = await source.read(
        position,
        Math.max(length, Math.min(windowBytes, left)),
      );
    }
    const from = position - this.#start;
    return this.#window.slice(from, from + length);
  }

  /** Skips the next `length` bytes. */
  skip(length: number): void {
    this.position += length;
  }

  /** Does nothing: the source stays open. */
  finish(): void {}

  /** Does nothing: the source stays open. */
  close(): void {}
}
