/**
 * Bytes that arrive in chunks, copied into one buffer.
 *
 * A chunk may be a view of a buffer that is thousands of times larger, as a network's chunks are. A
 * list of chunks would keep all of these buffers.
 */
export class GrowingBytes {
  #bytes = new Uint8Array();
  #length = 0;

  /** @param most The most bytes that there will be; a full buffer needs no copy. */
  constructor(readonly most = Infinity) {}

  /** Number of bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Copies a chunk to the end. */
  append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const doubled = Math.min(2 * this.#bytes.length, this.most);
      const larger = new Uint8Array(Math.max(length, doubled));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** Takes all bytes, in a buffer of their own, and starts again with none. */
  take(): Uint8Array<ArrayBuffer> {
    const [bytes, length] = [this.#bytes, this.#length];
    this.#bytes = new Uint8Array();
    this.#length = 0;
    return length === bytes.length ? bytes : bytes.slice(0, length);
  }
}

/** All chunks in one array. */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new GrowingBytes();
  for await (const chunk of chunks) bytes.append(chunk);
  return bytes.take();
}
