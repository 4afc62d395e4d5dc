/**
 * Removes a component from a JPEG file without decoding its pixels (ITU T.81), by copying the
 * Huffman codes of the other components' blocks.
 *
 * @module
 */

import { concat } from "../formats/concat.ts";
import {
  BitString,
  type HuffmanTable,
  readHuffmanTables,
  restartIntervals,
  stuffed,
} from "./jpeg_bits.ts";
import {
  APP14,
  type Component,
  DHT,
  DQT,
  DRI,
  findMarker,
  type Frame,
  readFrame,
  type Segment,
  segments,
  SOF2,
  SOS,
} from "./jpeg_segments.ts";

/**
 * The same picture without one of its components.
 *
 * @param dropped The component's index.
 * @param transform What the others are, as in Adobe's segment: 0 as they are, 1 YCbCr.
 * @throws {Error} If the file is damaged, or of a kind that this can't handle.
 */
export function withoutComponent(
  bytes: Uint8Array,
  dropped: number,
  transform: number,
): Uint8Array {
  const adobe = [..."Adobe"].map((c) => c.charCodeAt(0));
  const out = [
    Uint8Array.of(0xff, 0xd8),
    toSegment(APP14, [...adobe, 0, 100, 0, 0, 0, 0, transform]),
  ];
  const tables = new Map<number, HuffmanTable>();
  let restartInterval = 0;
  let frame: Frame | undefined;
  for (const segment of segments(bytes)) {
    const { marker, payload, start, end } = segment;
    const frameHere = readFrame(segment);
    if (frameHere) {
      frame = frameHere;
      out.push(frameWithout(segment, frame, dropped));
    } else if (marker === SOS) {
      if (!frame) throw new Error("a scan comes before the frame");
      const data = bytes.subarray(end, findMarker(bytes, end));
      const scan = readScan(segment, frame, tables, dropped);
      if (scan.members.every(({ kept }) => kept)) {
        out.push(bytes.subarray(start, end), data);
      } else if (scan.members.some(({ kept }) => kept)) {
        out.push(...scanWithout(scan, data, frame, restartInterval));
      }
    } else if (marker === DHT || marker === DQT || marker === DRI) {
      out.push(bytes.subarray(start, end));
      if (marker === DRI) restartInterval = payload[0] << 8 | payload[1];
      if (marker === DHT) readHuffmanTables(payload, tables);
    }
  }
  out.push(Uint8Array.of(0xff, 0xd9));
  return concat(out);
}

/** The frame header with one component less. */
function frameWithout(
  { marker, payload }: Segment,
  { components }: Frame,
  dropped: number,
): Uint8Array {
  if (marker > SOF2) {
    throw new Error("CMYK in this kind of JPEG is not supported");
  }
  const rest = components.toSpliced(dropped, 1);
  if (
    components.some(({ h, v }) => h * v === 0) ||
    unitSize(rest, "h") !== unitSize(components, "h") ||
    unitSize(rest, "v") !== unitSize(components, "v")
  ) {
    throw new Error("the sampling of its components is not supported");
  }
  const fixed = payload.subarray(0, 5);
  const listed = [...payload.subarray(6)].toSpliced(3 * dropped, 3);
  return toSegment(marker, [...fixed, rest.length, ...listed]);
}

/** Width or height, in blocks, of a unit of interleaved scans. */
function unitSize(components: readonly Component[], axis: "h" | "v"): number {
  return Math.max(...components.map((component) => component[axis]));
}

/** A scan header. */
interface Scan {
  readonly members: readonly Member[];
  /** Spectral selection and successive approximation. */
  readonly selection: Uint8Array;
  readonly progressive: boolean;
}

/** A component's part in a scan. */
interface Member {
  readonly component: Component;
  readonly kept: boolean;
  /** The numbers of its tables, as in the scan header. */
  readonly slots: number;
  readonly dc?: HuffmanTable;
  readonly ac?: HuffmanTable;
}

function readScan(
  { payload }: Segment,
  frame: Frame,
  tables: ReadonlyMap<number, HuffmanTable>,
  dropped: number,
): Scan {
  const members = [];
  for (let i = 1; i < 1 + 2 * payload[0]; i += 2) {
    const [id, slots] = payload.subarray(i);
    const component = frame.components.find((component) => component.id === id);
    if (!component) throw new Error("a scan names an unknown component");
    members.push({
      component,
      kept: component !== frame.components[dropped],
      slots,
      dc: tables.get(slots >> 4),
      ac: tables.get(0x10 | slots & 15),
    });
  }
  const selection = payload.subarray(1 + 2 * payload[0]);
  return { members, selection, progressive: frame.progressive };
}

/** A scan, header and data, without the dropped member. */
function* scanWithout(
  scan: Scan,
  data: Uint8Array,
  frame: Frame,
  restartInterval: number,
): Generator<Uint8Array> {
  const kept = scan.members.filter((member) => member.kept);
  const { h, v } = kept[0].component;
  if (kept.length === 1 && h * v > 1) {
    // Alone in its scan, its blocks would have another order.
    throw new Error("the scans of its components are not supported");
  }
  yield toSegment(SOS, [
    kept.length,
    ...kept.flatMap(({ component, slots }) => [component.id, slots]),
    ...scan.selection,
  ]);
  const { width, height, components } = frame;
  let units = Math.ceil(width / (8 * unitSize(components, "h"))) *
    Math.ceil(height / (8 * unitSize(components, "v")));
  let restarts = 0;
  for (const coded of restartIntervals(data)) {
    if (restarts > 0) yield Uint8Array.of(0xff, 0xd0 + (restarts - 1) % 8);
    restarts++;
    const count = Math.min(restartInterval || units, units);
    units -= count;
    yield copyUnits(scan, coded, count);
  }
}

/** The compressed data of some units of an interleaved scan. */
function copyUnits(scan: Scan, coded: Uint8Array, count: number): Uint8Array {
  const from = new BitString(coded);
  const to = new BitString(new Uint8Array(coded.length));
  const copyBlock = scan.progressive ? copyProgressive : copySequential;
  for (; count > 0 && from.position < 8 * coded.length; count--) {
    for (const member of scan.members) {
      const { h, v } = member.component;
      for (let block = 0; block < h * v; block++) {
        copyBlock(from, member.kept ? to : undefined, member, scan);
      }
    }
  }
  return stuffed(to);
}

/** A block's DC difference and all its AC coefficients. */
function copySequential(
  from: BitString,
  to: BitString | undefined,
  { dc, ac }: Member,
): void {
  copyBits(from, to, copyCode(from, to, dc) & 15);
  for (let k = 1; k < 64; k++) {
    const symbol = copyCode(from, to, ac);
    const [zeros, size] = [symbol >> 4, symbol & 15];
    copyBits(from, to, size);
    if (size === 0 && zeros < 15) break;
    k += zeros;
  }
}

/** A block in an interleaved progressive scan: its DC difference, or one more bit of it. */
function copyProgressive(
  from: BitString,
  to: BitString | undefined,
  { dc }: Member,
  { selection }: Scan,
): void {
  const refines = selection[2] >> 4 > 0;
  copyBits(from, to, refines ? 1 : copyCode(from, to, dc) & 15);
}

/** Copies or skips a Huffman code, and returns its symbol. */
function copyCode(
  from: BitString,
  to: BitString | undefined,
  table: HuffmanTable | undefined,
): number {
  const entry = table?.[from.peek16()];
  if (!entry) throw new Error("its compressed data is damaged");
  copyBits(from, to, entry >> 8);
  return entry & 0xff;
}

function copyBits(
  from: BitString,
  to: BitString | undefined,
  count: number,
): void {
  to?.put(from.peek16() >>> (16 - count), count);
  from.position += count;
}

function toSegment(marker: number, payload: number[]): Uint8Array {
  const length = payload.length + 2;
  return Uint8Array.of(0xff, marker, length >> 8, length & 255, ...payload);
}
