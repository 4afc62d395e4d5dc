/**
 * The outer structure of a JPEG file (ITU T.81, annex B): markers and the segments behind them.
 *
 * @module
 */

import { cutShort } from "./format.ts";

/** The frame header of a progressive picture; those of sequential ones stand before it. */
export const SOF2 = 0xc2;
/** Start of scan: its header, which is followed by compressed data. */
export const SOS = 0xda;
/** Define Huffman tables. */
export const DHT = 0xc4;
/** Define quantisation tables. */
export const DQT = 0xdb;
/** Define restart interval. */
export const DRI = 0xdd;
/** Application data: EXIF. */
export const APP1 = 0xe1;
/** Application data: Adobe's word on what the components are. */
export const APP14 = 0xee;
const EOI = 0xd9;

/** A marker and what belongs to it. */
export interface Segment {
  /** The byte behind 0xFF. */
  readonly marker: number;
  /** What follows the length field. */
  readonly payload: Uint8Array;
  /** Where the marker stands in the file. */
  readonly start: number;
  /** Where the next byte behind the segment stands. */
  readonly end: number;
}

/**
 * All segments between start and end of the image; compressed data are passed over.
 *
 * @throws {Error} If the end of the image is not there.
 */
export function* segments(bytes: Uint8Array): Generator<Segment> {
  for (let at = 2;;) {
    at = findMarker(bytes, at);
    const marker = bytes[at + 1];
    if (marker === EOI) return;
    const end = at + 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
    if (!(end <= bytes.length)) {
      throw cutShort("its end-of-image marker is not there");
    }
    yield { marker, payload: bytes.subarray(at + 4, end), start: at, end };
    at = end;
  }
}

/**
 * Where the next marker stands from `at` on, or the file's length. Stuffed zeros, fill bytes and
 * restart markers, which stand between or inside compressed data, are none.
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

/** A frame header, which every scan of the picture refers to. */
export interface Frame {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The colours, in their order. */
  readonly components: readonly Component[];
  /** Whether later scans refine earlier ones. */
  readonly progressive: boolean;
}

/** A colour component and its sampling. */
export interface Component {
  /** What scans call it. */
  readonly id: number;
  /** How many of its 8x8 blocks stand beside each other in a unit of an interleaved scan. */
  readonly h: number;
  /** And below each other. */
  readonly v: number;
}

/** The frame that a segment declares (SOF0..SOF15), or `undefined` if it is none. */
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
