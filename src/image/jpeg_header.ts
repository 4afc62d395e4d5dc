/**
 * What a JPEG file says of its picture (ITU T.81, annex B): markers and their segments.
 *
 * @module
 */

import { cutShort, hasText, type ImageHeader } from "./format.ts";

/** Huffman tables. */
const DHT = 0xc4;
/** Start of scan: a header, then compressed data. */
const SOS = 0xda;
/** Application data: EXIF. */
const APP1 = 0xe1;
/** End of image. */
const EOI = 0xd9;

/** Each scan passes over the whole picture; PIL writes 10. */
export const maxScans = 64;

/** As many as scans can use: each has at most four of each kind. */
const maxTables = 8 * maxScans;

/** A JPEG file's header. */
export interface JpegHeader extends ImageHeader {
  /** 1, 3 or 4. */
  readonly components: number;
  /** Whether it is compressed by arithmetic coding, not Huffman's. */
  readonly isArithmetic: boolean;
  /** Each passes over the picture; with more than one, its coefficients wait in memory. */
  readonly scans: number;
}

/**
 * Reads all segments to the end of the image; skips compressed data. What it says of the size is
 * only checked against what the decoder says.
 *
 * @throws {Error} If there is no picture or no end of the image, or too many scans or tables.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  let frame: ReturnType<typeof readFrame> | undefined;
  let exif: Uint8Array | undefined;
  let scans = 0, tables = 0;
  for (let at = findMarker(bytes, 2), end; bytes[at + 1] !== EOI;) {
    const marker = bytes[at + 1];
    end = at + 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
    if (!(end <= bytes.length)) {
      throw cutShort("its end-of-image marker is missing");
    }
    const payload = bytes.subarray(at + 4, end);
    if (isFrame(marker)) frame ??= readFrame(marker, payload);
    if (marker === SOS && ++scans > maxScans) {
      throw new Error(`it has more than ${maxScans} scans`);
    }
    if (marker === DHT && (tables += countTables(payload)) > maxTables) {
      throw new Error(`it has more than ${maxTables} Huffman tables`);
    }
    if (marker === APP1 && hasText(payload, 0, "Exif\0\0")) exif ??= payload;
    at = findMarker(bytes, end);
  }
  if (!frame) throw new Error("it contains no picture");
  return { ...frame, exif, scans };
}

/**
 * Position of the next marker from `at` on, or the file's length. Skips stuffed zeros, fill bytes
 * and markers without data, which occur within compressed data.
 */
function findMarker(bytes: Uint8Array, at: number): number {
  for (at = bytes.indexOf(0xff, at); at >= 0; at = bytes.indexOf(0xff, at)) {
    const code = bytes[at + 1];
    const isRestart = code >= 0xd0 && code <= 0xd7;
    if (code > 1 && code !== 0xff && !isRestart) return at;
    at += code === 0xff ? 1 : 2;
  }
  return bytes.length;
}

/** SOF0 to SOF15; three of these codes define tables. */
function isFrame(marker: number): boolean {
  const isTable = marker > 0xc0 && marker % 4 === 0;
  return marker >= 0xc0 && marker <= 0xcf && !isTable;
}

function readFrame(marker: number, payload: Uint8Array) {
  return {
    height: payload[1] << 8 | payload[2],
    width: payload[3] << 8 | payload[4],
    components: payload[5],
    isArithmetic: marker > 0xc8,
  };
}

/** A table is its number, 16 counts of codes, and a byte for each code. */
function countTables(payload: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < payload.length; count++) {
    const codes = payload.subarray(at + 1, at + 17);
    at += 17 + codes.reduce((sum, length) => sum + length, 0);
  }
  return count;
}
