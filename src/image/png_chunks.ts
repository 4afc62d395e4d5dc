/**
 * What a PNG file says of its picture (https://www.w3.org/TR/png-3/), and the chunks that its pixels
 * need.
 *
 * @module
 */

import { concat } from "../formats/concat.ts";
import { crc32 } from "../formats/crc32.ts";
import { cutShort, type ImageHeader } from "./format.ts";
import { isRawProfile, readRawProfile } from "./png_text.ts";

/** The first bytes of a PNG file. */
export const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** The colour type of indices into a palette. */
const INDEXED = 3;

/** The depths of each colour type. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** A PNG file's header, and its pixels. */
export interface PngHeader extends ImageHeader {
  /** Bits of a sample. */
  readonly depth: number;
  /** The colour type. */
  readonly color: number;
  /** Whether pixels come in seven passes. */
  readonly isInterlaced: boolean;
  /** The whole IHDR chunk, and the palette's, if pixels need one. */
  readonly head: Uint8Array;
  /** The whole IDAT chunks. */
  readonly idats: readonly Uint8Array[];
  /** Whether the compressed pixels are as they were written, by their CRCs. */
  readonly isIntact: boolean;
}

/**
 * Reads all chunks to IEND, or to the end of the file.
 *
 * As PIL, it takes pixels whose CRC is wrong, a file without IEND, and any ancillary chunk, which it
 * mostly doesn't look at.
 *
 * @throws {Error} If the size, the palette or all pixels are missing or damaged.
 */
export async function readPngHeader(bytes: Uint8Array): Promise<PngHeader> {
  let ihdr: Uint8Array | undefined;
  let palette: Uint8Array | undefined;
  let exif: Uint8Array | undefined;
  let profile: { type: string; data: Uint8Array } | undefined;
  const idats: Uint8Array[] = [];
  let isIntact = true;
  for (const { type, data, chunk, at, crc } of chunksOf(bytes)) {
    if (!ihdr && type !== "IHDR") {
      throw new Error(
        type === "CgBI"
          ? "Xcode has changed it for an iPhone (CgBI); take the original"
          : "it doesn't start with an IHDR chunk",
      );
    }
    if (type === "IEND") break;
    if (type === "IDAT") {
      isIntact &&= crc === "right";
      idats.push(chunk);
    } else if (crc === "cut") break;
    if (type === "IHDR" || type === "PLTE") {
      if (crc === "wrong") {
        throw new Error(`the CRC of its chunk at byte ${at} is wrong`);
      }
    }
    if (type === "IHDR") ihdr ??= chunk;
    // PIL takes the last, and none that comes after the pixels.
    if (type === "PLTE" && idats.length === 0) palette = data;
    if (type === "eXIf") exif = data;
    if (isRawProfile(type, data)) profile = { type, data };
  }
  if (ihdr?.length !== 25) throw cutShort("its header is missing");
  if (idats.length === 0) throw cutShort("its pixels are missing");
  const view = new DataView(ihdr.buffer, ihdr.byteOffset + 8);
  const width = view.getUint32(0), height = view.getUint32(4);
  const depth = view.getUint8(8), color = view.getUint8(9);
  if (width === 0 || height === 0) {
    throw new Error(`its header is damaged: ${width}x${height} pixels`);
  }
  if (!DEPTHS[color]?.includes(depth)) {
    throw new Error(
      `its header is damaged: colour type ${color} of ${depth} bits`,
    );
  }
  return {
    ...{ width, height },
    ...{ depth, color, isIntact, idats },
    isInterlaced: view.getUint8(12) !== 0,
    exif: exif ?? (profile && await readRawProfile(profile)),
    head: color === INDEXED
      ? concat([ihdr, chunkOf("PLTE", wholePalette(palette, depth))])
      : ihdr,
  };
}

/** A chunk of a file. */
interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** All of it, with length and CRC. */
  readonly chunk: Uint8Array;
  /** Its place in the file. */
  readonly at: number;
  readonly crc: "right" | "wrong" | "cut";
}

function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; at + 8 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const checked = bytes.subarray(at + 4, end);
    const isCut = end + 4 > bytes.length;
    yield {
      ...{ type, at, data: checked.subarray(4) },
      chunk: bytes.subarray(at, end + 4),
      crc: isCut
        ? "cut"
        : crc32(checked) === view.getUint32(end)
        ? "right"
        : "wrong",
    };
    at = end + 4;
  }
}

/** A palette for every index; colours that it lacks are grey, as in PIL 9.4. */
function wholePalette(
  palette: Uint8Array = new Uint8Array(0),
  depth: number,
): Uint8Array {
  const whole = Uint8Array.from({ length: 3 << depth }, (_, i) => i / 3);
  const length = Math.min(palette.length, whole.length);
  whole.set(palette.subarray(0, length - length % 3));
  return whole;
}

/** A new chunk. */
export function chunkOf(
  type: string,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(12 + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(new TextEncoder().encode(type), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

/** The file with nothing but what its pixels need; other pixels if they are given. */
export const essentials = (
  { head, idats }: PngHeader,
  pixels?: Uint8Array,
): Uint8Array<ArrayBuffer> =>
  pngFile([head, ...(pixels ? [chunkOf("IDAT", pixels)] : idats)]);

/** A file of these chunks and IEND. */
export function pngFile(
  chunks: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return concat([
    Uint8Array.from(SIGNATURE, (c) => c.charCodeAt(0)),
    ...chunks,
    chunkOf("IEND", new Uint8Array(0)),
  ]);
}
