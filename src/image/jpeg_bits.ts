/**
 * Compressed JPEG data as bits (ITU T.81, annexes C and F.2.2): restart intervals, the zero stuffed
 * after each 0xFF, Huffman codes.
 *
 * @module
 */

/** For any 16 bits: the length of the code at their start, times 256, plus its symbol. */
export type HuffmanTable = Uint16Array;

/** Adds the tables of a DHT segment, by class (0x00 DC, 0x10 AC) plus number. */
export function readHuffmanTables(
  payload: Uint8Array,
  tables: Map<number, HuffmanTable>,
): void {
  for (let at = 0; at + 17 <= payload.length;) {
    const slot = payload[at];
    const counts = payload.subarray(at + 1, at += 17);
    const table = new Uint16Array(1 << 16);
    let code = 0; // As the upper end of 16 bits, codes of all lengths follow each other.
    for (let length = 1; length <= 16; length++) {
      for (let i = 0; i < counts[length - 1]; i++) {
        const next = code + (1 << (16 - length));
        table.fill(length << 8 | payload[at++], code, next);
        code = next;
      }
    }
    tables.set(slot, table);
  }
}

/** A string of bits, the highest of each byte first. It reads as zeros after its end. */
export class BitString {
  /** The string's memory. */
  readonly bytes: Uint8Array;
  /** Where to read or write next, in bits. */
  position = 0;

  /** A string over these bytes, without a copy. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next 16 bits; doesn't advance. */
  peek16(): number {
    const at = this.position >>> 3;
    const { bytes } = this;
    const bits = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
    return bits >>> (8 - this.position % 8) & 0xffff;
  }

  /** Writes the lowest `count` bits of `value`, at most 16, over zeros. */
  put(value: number, count: number): void {
    const at = this.position >>> 3;
    const bits = value << (24 - this.position % 8 - count);
    this.bytes[at] |= bits >>> 16;
    this.bytes[at + 1] |= bits >>> 8;
    this.bytes[at + 2] |= bits;
    this.position += count;
  }
}

/** The restart intervals of a scan, without the stuffed zeros. */
export function* restartIntervals(scan: Uint8Array): Generator<Uint8Array> {
  const plain = new Uint8Array(scan.length);
  let length = 0;
  for (let at = 0; at < scan.length; at++) {
    if (scan[at] !== 0xff) {
      plain[length++] = scan[at];
      continue;
    }
    do at++; while (scan[at] === 0xff); // Fill bytes before a marker.
    if (scan[at] === 0) {
      plain[length++] = 0xff;
    } else if (at < scan.length) {
      yield plain.slice(0, length);
      length = 0;
    }
  }
  yield plain.slice(0, length);
}

/** A bit string as a restart interval: padded with ones, zeros stuffed in. */
export function stuffed({ bytes, position }: BitString): Uint8Array {
  const length = Math.ceil(position / 8);
  if (position % 8 > 0) bytes[length - 1] |= 0xff >> position % 8;
  const out = new Uint8Array(2 * length);
  let to = 0;
  for (const byte of bytes.subarray(0, length)) {
    out[to] = byte;
    to += byte === 0xff ? 2 : 1;
  }
  return out.subarray(0, to);
}
