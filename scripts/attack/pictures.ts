/**
 * Small picture files that claim, hide or take a lot.
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import { concat } from "../../src/formats/concat.ts";
import { chunkOf, SIGNATURE } from "../../src/image/png_chunks.ts";
import { answered, type Attack, type Target } from "./attack.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const u16 = (n: number) => [n >> 8, n & 255];
const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));

/** A black greyscale PNG; its pixels compress to a thousandth. */
export function pngBomb(
  width: number,
  height: number,
  extra: readonly Uint8Array[] = [],
): Bytes {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  view.setUint8(8, 8);
  return concat([
    Uint8Array.from(ascii(SIGNATURE)),
    chunkOf("IHDR", header),
    ...extra,
    chunkOf("IDAT", deflateSync(new Uint8Array((width + 1) * height))),
    chunkOf("IEND", new Uint8Array()),
  ]);
}

/** A compressed colour profile or text with this number of bytes. */
export function pngExtra(type: "iCCP" | "zTXt", bytes: number): Bytes {
  const data = deflateSync(new Uint8Array(bytes));
  return chunkOf(type, Uint8Array.from([...ascii("x"), 0, 0, ...data]));
}

/** A JPEG's segment. */
const segment = (marker: number, data: readonly number[]) => [
  ...[0xff, marker],
  ...u16(data.length + 2),
  ...data,
];

/** A Huffman table of one code, the bit 0. */
const table = (id: number, symbol: number) =>
  segment(0xc4, [id, 1, ...Array(15).fill(0), symbol]);

/** The frame of a greyscale picture; 0xc0 is baseline, 0xc2 progressive. */
const frame = (marker: number, width: number, height: number) =>
  segment(marker, [8, ...u16(height), ...u16(width), 1, 1, 0x11, 0]);

const quantization = segment(0xdb, [0, ...Array(64).fill(1)]);

/**
 * A greyscale progressive JPEG with scans of 40 bytes, each over all its pixels. Each Huffman table
 * has one code, the bit 0; as an AC coefficient it ends up to 32767 blocks at once. One more scan
 * has the DC coefficients.
 */
export function jpegBomb(side: number, scans: number): Bytes {
  const blocks = Math.ceil(side / 8) ** 2;
  const head = [
    ...[0xff, 0xd8],
    ...quantization,
    ...frame(0xc2, side, side),
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
  const scan = Uint8Array.from([
    ...segment(0xda, [1, 1, 0, 1, 63, 0]),
    ...coded,
  ]);
  return concat([
    Uint8Array.from(head),
    new Uint8Array(Math.ceil(blocks / 8)),
    ...Array<Uint8Array>(scans).fill(scan),
    Uint8Array.of(0xff, 0xd9),
  ]);
}

/**
 * A grey baseline JPEG of few bytes for a pixel, or of many: each block takes a bit for the DC
 * coefficient, and three for each of the 63 others, so that eight blocks take 253 bytes.
 */
export function jpegPhoto(width: number, height: number): Bytes {
  const head = [
    ...[0xff, 0xd8],
    ...quantization,
    ...frame(0xc0, width, height),
    ...table(0x00, 0),
    ...table(0x10, 3),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
  ];
  const values = [0b100, 0b011, 0b101, 0b000, 0b110, 0b010, 0b001];
  let bits = "";
  for (let block = 0; block < 8; block++) {
    bits += "0";
    for (let k = 1; k < 64; k++) {
      const value = values[(k * k + 3 * block) % values.length];
      bits += `0${value.toString(2).padStart(3, "0")}`;
    }
  }
  const group = Uint8Array.from(
    bits.match(/.{8}/g)!,
    (byte) => parseInt(byte, 2),
  );
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  return concat([
    Uint8Array.from(head),
    ...Array<Uint8Array>(Math.ceil(blocks / 8)).fill(group),
    Uint8Array.of(0xff, 0xd9),
  ]);
}

/**
 * A JPEG of 8 pixels, if the marker FF01 is taken to have a length; otherwise of a large square. The
 * small frame stands in a comment.
 */
export function jpegHiddenFrame(side: number): Bytes {
  const small = frame(0xc0, 8, 8);
  const large = [
    ...frame(0xc0, side, side),
    ...[0xff, 0xfe],
    ...u16(2 + small.length),
  ];
  return Uint8Array.from([
    ...[0xff, 0xd8, 0xff, 0x01],
    ...u16(2 + large.length),
    ...large,
    ...small,
    ...quantization,
    ...table(0x00, 0),
    ...table(0x10, 0),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
    ...[0, 0xff, 0xd9],
  ]);
}

/** A JPEG of 8 pixels with this number of Huffman tables, 15 to a segment. */
export function jpegTables(count: number): Bytes {
  const one = [0x00, 1, ...Array(15).fill(0), 0];
  const tables = (count: number) =>
    Uint8Array.from(segment(0xc4, Array<number[]>(count).fill(one).flat()));
  const photo = jpegPhoto(8, 8); // It has two.
  return concat([
    photo.subarray(0, 2),
    ...Array<Uint8Array>(Math.floor((count - 2) / 15)).fill(tables(15)),
    ...(count - 2) % 15 ? [tables((count - 2) % 15)] : [],
    photo.subarray(2),
  ]);
}

/**
 * A WebP file whose bitstream, of 16383x8000 pixels, stands where its first chunk should be, and
 * looks like one; the chunk of a small picture follows.
 */
export function webpHiddenBitstream(small: Uint8Array): Bytes {
  const raw = new Uint8Array(8);
  raw[0] = 0x2f;
  new DataView(raw.buffer).setUint32(1, 16382 | 7999 << 14, true);
  const skipped = new Uint8Array(raw[4] + raw[4] % 2);
  const file = concat([
    small.subarray(0, 12),
    raw,
    skipped,
    small.subarray(12),
  ]);
  new DataView(file.buffer).setUint32(4, file.length - 8, true);
  return file;
}

const post = async (
  target: Target,
  picture: Bytes,
  status: number,
  detail?: RegExp,
) => answered(await target.post("/features?pool=avg", picture), status, detail);

/** Attacks by pictures; a photo of 48 megapixels is the measure. */
export const pictures: readonly Attack[] = [
  {
    name: "sizes that are hidden, or that the file can't have",
    target: "server",
    isShort: true,
    good: (target) => post(target, jpegPhoto(8000, 6000), 200),
    async bad(target) {
      const small = await Deno.readFile("tests/data/image/lossless.webp");
      await post(target, jpegHiddenFrame(20_000), 413, /maxPixels/);
      await post(target, webpHiddenBitstream(small), 200);
      await post(target, pngBomb(100_000, 600), 413, /maxPixels/);
      const lying = pngBomb(10, 10);
      const claim = chunkOf(
        "IHDR",
        Uint8Array.from([
          ...[0, 0, 27, 88, 0, 0, 27, 88], // 7000x7000
          ...[8, 0, 0, 0, 0],
        ]),
      );
      lying.set(claim, 8);
      await post(target, lying, 422, /cut short/);
      return "0 pixels of 5 files beyond the limit";
    },
  },
  {
    name: "profiles and texts of 256 MB, a PNG of zeros",
    target: "server",
    isShort: true,
    good: (target) => post(target, pngBomb(8000, 6000), 200),
    async bad(target) {
      const extras = [pngExtra("iCCP", 2 ** 28), pngExtra("zTXt", 2 ** 28)];
      await post(target, pngBomb(10, 10, extras), 200);
      const many = Array<Bytes>(500_000).fill(
        chunkOf("tEXt", new Uint8Array()),
      );
      await post(target, pngBomb(10, 10, many), 200);
      return "500,000 chunks, none inflated";
    },
  },
];
