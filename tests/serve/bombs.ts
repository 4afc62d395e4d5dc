/** Small files that take a lot of work. */

import { deflateSync } from "node:zlib";

const u16 = (n: number) => [n >> 8, n & 255];
const u32 = (n: number) => [...u16(n >>> 16), ...u16(n & 65535)];
const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
    }
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Uint8Array.from([...ascii(type), ...data]);
  return Uint8Array.from([...u32(data.length), ...body, ...u32(crc32(body))]);
}

/** A black greyscale PNG; its pixels compress to a thousandth. */
export function pngBomb(
  width: number,
  height: number,
  extra: readonly Uint8Array[] = [],
): Uint8Array<ArrayBuffer> {
  const header = Uint8Array.from([
    ...u32(width),
    ...u32(height),
    8,
    0,
    0,
    0,
    0,
  ]);
  const pixels = deflateSync(new Uint8Array((width + 1) * height));
  const parts = [
    Uint8Array.from([0x89, ...ascii("PNG\r\n\x1a\n")]),
    chunk("IHDR", header),
    ...extra,
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** A compressed colour profile or text with this number of bytes. */
export function pngExtra(type: "iCCP" | "zTXt", bytes: number): Uint8Array {
  const data = deflateSync(new Uint8Array(bytes));
  return chunk(type, Uint8Array.from([...ascii("x"), 0, 0, ...data]));
}

/**
 * A greyscale progressive JPEG with scans of 40 bytes, each over all its pixels. Each Huffman table
 * has one code, the bit 0; as an AC coefficient it ends up to 32767 blocks at once.
 */
export function jpegBomb(side: number, scans: number): Uint8Array<ArrayBuffer> {
  const segment = (marker: number, data: readonly number[]) => [
    ...[0xff, marker],
    ...u16(data.length + 2),
    ...data,
  ];
  const table = (id: number, symbol: number) =>
    segment(0xc4, [id, 1, ...Array(15).fill(0), symbol]);
  const blocks = Math.ceil(side / 8) ** 2;
  const head = [
    ...[0xff, 0xd8],
    ...segment(0xdb, [0, ...Array(64).fill(1)]),
    ...segment(0xc2, [8, ...u16(side), ...u16(side), 1, 1, 0x11, 0]),
    ...table(0x00, 0),
    ...table(0x10, 0xe0),
    ...segment(0xda, [1, 1, 0, 0, 0, 0]),
  ];
  // The code of a run of at least 2^14 blocks, and its 14 bits.
  const run = `0${"1".repeat(14)}`;
  const bits = run.repeat(Math.ceil(blocks / 32767));
  const coded: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = parseInt(bits.slice(at, at + 8).padEnd(8, "1"), 2);
    coded.push(byte);
    if (byte === 0xff) coded.push(0);
  }
  const scan = [...segment(0xda, [1, 1, 0, 1, 63, 0]), ...coded];
  const bytes = new Uint8Array(
    head.length + Math.ceil(blocks / 8) + scans * scan.length + 2,
  );
  bytes.set(head);
  let at = head.length + Math.ceil(blocks / 8);
  for (let i = 0; i < scans; i++, at += scan.length) bytes.set(scan, at);
  bytes.set([0xff, 0xd9], at);
  return bytes;
}
