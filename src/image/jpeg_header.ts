/**
 * What a JPEG file says of its picture (ITU T.81, annex B): markers and their segments.
 *
 * @module
 */

import { cutShort, hasText, type ImageHeader } from "./format.ts";

/** Start of scan: a header, then compressed data. */
const SOS = 0xda;
/** Application data: EXIF. */
const APP1 = 0xe1;
/** End of image. */
const EOI = 0xd9;

/** As many scans as libjpeg-turbo's own fuzzers take. Each passes over the whole picture. */
export const maxScans = 500;

/** A JPEG file's header. */
export interface JpegHeader extends ImageHeader {
  /** 1, 3 or 4. */
  readonly components: number;
  /** Whether it is compressed by arithmetic coding, not Huffman's. */
  readonly isArithmetic: boolean;
}

/**
 * Reads all segments to the end of the image; skips compressed data.
 *
 * @throws {Error} If there is no picture or no end of the image, or there are too many scans.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  let frame: JpegHeader | undefined;
  let exif: Uint8Array | undefined;
  let scans = 0;
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
    if (marker === APP1 && hasText(payload, 0, "Exif\0\0")) exif ??= payload;
    at = findMarker(bytes, end);
  }
  if (!frame) throw new Error("it contains no picture");
  return { ...frame, exif };
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

function readFrame(marker: number, payload: Uint8Array): JpegHeader {
  return {
    height: payload[1] << 8 | payload[2],
    width: payload[3] << 8 | payload[4],
    components: payload[5],
    isArithmetic: marker > 0xc8,
  };
}
