/**
 * Checks the lengths in the metadata of an Arrow frame. Arrow's own decoder trusts them, and a
 * damaged length makes it allocate all memory.
 *
 * Source: Apache Arrow, `format/Message.fbs` and `format/Schema.fbs`.
 *
 * @module
 */

import { ByteBuffer } from "flatbuffers";

/** Offsets of members in a table's vtable: 4 + 2 * their index in the .fbs file. */
const MESSAGE = {
  headerType: 6,
  header: 8,
  bodyLength: 10,
  customMetadata: 12,
};
const SCHEMA = { fields: 6, customMetadata: 8, features: 10 };
const FIELD = { children: 14, customMetadata: 16 };
const BATCH = { length: 4, nodes: 6, buffers: 8, variadicBufferCounts: 12 };
const DICTIONARY_BATCH = { data: 6 };

/** Members of the union `MessageHeader`. */
const HEADER = { schema: 1, dictionaryBatch: 2, recordBatch: 3 };

/** A column takes at least one bit for each value. */
const VALUES_IN_BYTE = 8;

/**
 * Whether all vectors fit in the metadata, all buffers in the body, and no column has more values
 * than the body has bits.
 */
export function isSound(metadata: Uint8Array): boolean {
  return new Metadata(metadata).isSound();
}

/** An address in the metadata. */
type Place = number;

class Metadata {
  readonly #bytes: ByteBuffer;
  /** Bytes left for vectors; they don't overlap. */
  #left: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = new ByteBuffer(bytes);
    this.#left = bytes.length;
  }

  isSound(): boolean {
    const message = this.#bytes.__indirect(0);
    const header = this.#table(message, MESSAGE.header);
    const most = VALUES_IN_BYTE * this.#int64(message, MESSAGE.bodyLength);
    if (!this.#takes(message, [[MESSAGE.customMetadata, 4]])) return false;
    switch (this.#byte(message, MESSAGE.headerType)) {
      case HEADER.schema:
        return this.#isSoundSchema(header);
      case HEADER.recordBatch:
        return this.#isSoundBatch(header, most);
      case HEADER.dictionaryBatch: {
        const data = this.#table(header, DICTIONARY_BATCH.data);
        return this.#isSoundBatch(data, most);
      }
    }
    return true; // Other messages are ignored.
  }

  #isSoundSchema(schema: Place): boolean {
    const vectors: [number, number][] = [
      [SCHEMA.fields, 4],
      [SCHEMA.customMetadata, 4],
      [SCHEMA.features, 8],
    ];
    if (!this.#takes(schema, vectors)) return false;
    const fields = this.#tables(schema, SCHEMA.fields);
    while (fields.length > 0) {
      const field = fields.pop()!;
      const sizes: [number, number][] = [
        [FIELD.children, 4],
        [FIELD.customMetadata, 4],
      ];
      if (!this.#takes(field, sizes)) return false;
      fields.push(...this.#tables(field, FIELD.children));
    }
    return true;
  }

  #isSoundBatch(batch: Place, most: number): boolean {
    const vectors: [number, number][] = [
      [BATCH.nodes, 16],
      [BATCH.buffers, 16],
      [BATCH.variadicBufferCounts, 8],
    ];
    if (!this.#takes(batch, vectors)) return false;
    const buffers = this.#vector(batch, BATCH.buffers);
    for (let i = 0; i < buffers.length; i++) {
      const [offset, size] = [0, 8].map((at) =>
        Number(this.#bytes.readInt64(buffers.start + 16 * i + at))
      );
      const isWithin = offset >= 0 && size >= 0 &&
        offset + size <= most / VALUES_IN_BYTE;
      if (!isWithin) return false;
    }
    const { start, length } = this.#vector(batch, BATCH.nodes);
    const lengths = Array.from(
      { length },
      (_, i) => Number(this.#bytes.readInt64(start + 16 * i)),
    );
    return [this.#int64(batch, BATCH.length), ...lengths]
      .every((values) => values >= 0 && values <= most);
  }

  /** Subtracts vectors, given as [member, bytes of an element], from the bytes left. */
  #takes(table: Place, vectors: readonly [number, number][]): boolean {
    for (const [member, size] of vectors) {
      const { length } = this.#vector(table, member);
      this.#left -= length * size;
      if (length < 0 || this.#left < 0) return false;
    }
    return true;
  }

  #vector(table: Place, member: number): { start: Place; length: number } {
    const at = this.#member(table, member);
    if (at === undefined) return { start: 0, length: 0 };
    const bytes = this.#bytes;
    return { start: bytes.__vector(at), length: bytes.__vector_len(at) };
  }

  /** The tables of a vector. */
  #tables(table: Place, member: number): Place[] {
    const { start, length } = this.#vector(table, member);
    return Array.from(
      { length },
      (_, i) => this.#bytes.__indirect(start + 4 * i),
    );
  }

  #table(table: Place, member: number): Place {
    const at = this.#member(table, member);
    return at === undefined ? 0 : this.#bytes.__indirect(at);
  }

  #int64(table: Place, member: number): number {
    const at = this.#member(table, member);
    return at === undefined ? 0 : Number(this.#bytes.readInt64(at));
  }

  #byte(table: Place, member: number): number {
    const at = this.#member(table, member);
    return at === undefined ? 0 : this.#bytes.readUint8(at);
  }

  #member(table: Place, member: number): Place | undefined {
    const offset = this.#bytes.__offset(table, member);
    return offset === 0 ? undefined : table + offset;
  }
}
