/**
 * The outer structure of a JPEG file (ITU T.81, annex B): markers and their segments.
 *
 * @module
 */

import { cutShort } from "./format.ts";

/** The frame header of a progressive picture; lower numbers are sequential. */
export const SOF2 = 0xc2;
/** Start of scan: a header, then compressed data. */
export const SOS = 0xda;
/** Define Huffman tables. */
export const DHT = 0xc4;
/** Define quantisation tables. */
export const DQT = 0xdb;
/** Define restart interval. */
export const DRI = 0xdd;
/** Application data: EXIF. */
export const APP1 = 0xe1;
/** Application data: Adobe's note on what the components are. */
export const APP14 = 0xee;
const EOI = 0xd9;

/** A marker and its data. */
export interface Segment {
  /** The byte after 0xFF. */
  readonly marker: number;
  /** The data after the length field. */
  readonly payload: Uint8Array;
  /** Position of the marker in the file. */
  readonly start: number;
  /** Position after the segment. */
  readonly end: number;
}

/**
 * All segments between start and end of the image; skips compressed data.
 *
 * @throws {Error} If the end of the image is missing.
 */
export function* segments(bytes: Uint8Array): Generator<Segment> {
  for (let at = 2;;) {
    at = findMarker(bytes, at);
    const marker = bytes[at + 1];
    if (marker === EOI) return;
    const end = at + 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
    if (!(end <= bytes.length)) {
      throw cutShort("its end-of-image marker is missing");
    }
    yield { marker, payload: bytes.subarray(at + 4, end), start: at, end };
    at = end;
  }
}

/**
 * Position of the next marker from `at` on, or the file's length. Skips stuffed zeros, fill bytes
 * and restart markers, which occur within compressed data.
 */
export function findMarker(bytes: Uint8Array, at: number): number {
  for (at = bytes.indexOf(0xff, at); at >= 0; at = bytes.indexOf(0xff, at)) {
    const code = bytes[at + 1];
    if (code !== 0 && code !== 0xff && !isRestart(code)) return at;
    at += code === 0xff ? 1 : 2;
  }
  return bytes.length;
}

function isRestart(code: number): boolean {
  return code >= 0xd0 && code <= 0xd7;
}

/** A frame header, to which every scan refers. */
export interface Frame {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The colour components, in order. */
  readonly components: readonly Component[];
  /** Whether later scans refine earlier ones. */
  readonly progressive: boolean;
}

/** A colour component and its sampling. */
export interface Component {
  /** Its number in scan headers. */
  readonly id: number;
  /** Columns of 8x8 blocks in a unit of an interleaved scan. */
  readonly h: number;
  /** Rows of them. */
  readonly v: number;
}

/** The frame header in a segment (SOF0..SOF15); `undefined` for other segments. */
export function readFrame({ marker, payload }: Segment): Frame | undefined {
  const isFrame = marker >= 0xc0 && marker <= 0xcf;
  const isTable = marker > 0xc0 && marker % 4 === 0;
  if (!isFrame || isTable) return undefined;
  const components = [];
  for (let i = 6; i + 3 <= payload.length; i += 3) {
    const [id, sampling] = payload.subarray(i);
    components.push({ id, h: sampling >> 4, v: sampling & 15 });
  }
  return {
    height: payload[1] << 8 | payload[2],
    width: payload[3] << 8 | payload[4],
    components,
    progressive: marker === SOF2,
  };
}
