/**
 * The directory of a zip archive, which stands at its end.
 *
 * Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";

/** A file's record. */
export interface ZipRecord {
  readonly name: string;
  /** Position of the local header in the source. */
  readonly offset: number;
  /** Length of the name in bytes. */
  readonly nameLength: number;
  /** Length as stored. */
  readonly packedSize: number;
  /** Length of the content. */
  readonly size: number;
  readonly crc32: number;
  /** 0 is stored, 8 deflated. */
  readonly method: number;
  readonly encrypted: boolean;
}

const END = 0x06054b50, END_LENGTH = 22;
const LOCATOR = 0x07064b50, LOCATOR_LENGTH = 20;
const END64 = 0x06064b50, END64_LENGTH = 56;
const RECORD = 0x02014b50, RECORD_LENGTH = 46;
const MAX_COMMENT = 0xffff;

/** Networks have some thousand tensors at most. */
const MAX_ENTRIES = 65_536, MAX_DIRECTORY = 2 ** 24;

/** A 32-bit number that stands for one in a zip64 field. */
const IN_ZIP64 = 0xffffffff;

/** What the end record says. */
interface End {
  /** Position of the record in the source, or of the zip64 records before it. */
  readonly at: number;
  readonly count: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * Reads the records of an archive's files, folders left out.
 *
 * A zip64 end record is used only for the numbers that need it. Bytes before the archive may be
 * counted in its offsets or not.
 *
 * @throws {SyntaxError} If there is no directory, or it is damaged.
 */
export async function readZipDirectory(
  source: ByteSource,
): Promise<ZipRecord[]> {
  const fail = (why: string) =>
    failReading(source.name)(`not a zip archive, or cut short (${why})`);
  const end = await findEnd(source, fail);
  if (end.count > MAX_ENTRIES || end.size > MAX_DIRECTORY) {
    const most = `at most ${MAX_ENTRIES} entries in ${MAX_DIRECTORY} bytes`;
    throw failReading(source.name)(
      expected("directory", most, asIs(`${end.count} in ${end.size}`)),
    );
  }
  const start = end.at - end.size;
  // Negated, to reject NaN too.
  if (!(start >= 0)) throw fail("its directory exceeds the file");
  const bytes = await source.read(start, end.size);
  const records = parseRecords(bytes, end.count, fail);
  // The directory stands right before its end record, wherever its offset says it does.
  const shift = start - end.offset;
  const placed = records.map((record) => ({
    ...record,
    offset: record.offset + shift,
  }));
  if (placed.some(({ offset }) => !(offset >= 0 && offset <= start))) {
    throw fail("an entry is beyond its directory");
  }
  return placed.filter(({ name }) => !name.endsWith("/"));
}

/** Whether a file ends like an archive without a comment. */
export async function hasZipEnd(source: ByteSource): Promise<boolean> {
  if (source.size < END_LENGTH) return false;
  const bytes = await source.read(source.size - END_LENGTH, END_LENGTH);
  return viewOf(bytes).getUint32(0, true) === END;
}

type Refuse = (why: string) => SyntaxError;

async function findEnd(source: ByteSource, fail: Refuse): Promise<End> {
  const records = END_LENGTH + LOCATOR_LENGTH + END64_LENGTH;
  for (const length of [records, records + MAX_COMMENT]) {
    const start = Math.max(source.size - length, 0);
    const tail = viewOf(await source.read(start, source.size - start));
    for (let at = tail.byteLength - END_LENGTH; at >= 0; at--) {
      if (tail.getUint32(at, true) !== END) continue;
      const comment = tail.getUint16(at + 20, true);
      if (at + END_LENGTH + comment !== tail.byteLength) continue;
      return parseEnd(tail, at, start, fail);
    }
  }
  throw fail("it has no end record");
}

/** @param start The view's position in the source. */
function parseEnd(
  view: DataView,
  at: number,
  start: number,
  fail: Refuse,
): End {
  const end = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const locator = at - LOCATOR_LENGTH, end64 = locator - END64_LENGTH;
  const hasZip64 = end64 >= 0 && view.getUint32(locator, true) === LOCATOR &&
    view.getUint32(end64, true) === END64;
  if (!hasZip64) {
    if (end.size === IN_ZIP64 || end.offset === IN_ZIP64) {
      throw fail("its zip64 end record is missing");
    }
    return { at: start + at, ...end };
  }
  const number = (offset: number) => Number(view.getBigUint64(offset, true));
  return {
    at: start + end64,
    count: end.count === 0xffff ? number(end64 + 32) : end.count,
    size: end.size === IN_ZIP64 ? number(end64 + 40) : end.size,
    offset: end.offset === IN_ZIP64 ? number(end64 + 48) : end.offset,
  };
}

function parseRecords(
  bytes: Uint8Array<ArrayBuffer>,
  count: number,
  fail: Refuse,
): ZipRecord[] {
  const view = viewOf(bytes);
  const records: ZipRecord[] = [];
  let at = 0;
  while (records.length < count) {
    if (
      at + RECORD_LENGTH > bytes.length || view.getUint32(at, true) !== RECORD
    ) {
      throw fail(`its directory lacks ${count - records.length} entries`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const nameEnd = at + RECORD_LENGTH + nameLength;
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > bytes.length) throw fail("its directory is cut short");
    const size = view.getUint32(at + 24, true);
    const packedSize = view.getUint32(at + 20, true);
    const offset = view.getUint32(at + 42, true);
    const extra = zip64Numbers(view, nameEnd, extraEnd);
    const whole = (number: number) =>
      number === IN_ZIP64 ? extra.shift() ?? number : number;
    records.push({
      name: decodeName(bytes.subarray(at + RECORD_LENGTH, nameEnd)),
      nameLength,
      // In the order of the extra field.
      size: whole(size),
      packedSize: whole(packedSize),
      offset: whole(offset),
      crc32: view.getUint32(at + 16, true),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
    });
    at = next;
  }
  return records;
}

/** The numbers of the zip64 extra field, if there is one. */
function zip64Numbers(view: DataView, from: number, end: number): number[] {
  for (let at = from; at + 4 <= end;) {
    const id = view.getUint16(at, true), length = view.getUint16(at + 2, true);
    const fieldEnd = Math.min(at + 4 + length, end);
    if (id === 1) {
      const numbers: number[] = [];
      for (let i = at + 4; i + 8 <= fieldEnd && numbers.length < 3; i += 8) {
        numbers.push(Number(view.getBigUint64(i, true)));
      }
      return numbers;
    }
    at = fieldEnd;
  }
  return [];
}

/** UTF-8, as PyTorch and NumPy write it whatever the flag says; else Latin-1. */
function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>) {
  return new DataView(buffer, byteOffset, length);
}
