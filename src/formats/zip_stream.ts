/**
 * Zip archives read from front to back while they arrive, without the directory at their end.
 *
 * @module
 */

import type { ByteCursor } from "./byte_cursor.ts";
import type { ByteQueue } from "./byte_queue.ts";
import { type Fail, failReading } from "../errors/fail.ts";
import { crc32 } from "./crc32.ts";
import { release } from "../runtime/release.ts";
import { inflateRaw } from "../runtime/inflate.ts";

/** An archive read from front to back. */
export interface ZipStream {
  /**
   * Goes to the next file; unread content of the one before is skipped.
   *
   * @returns Its name, or undefined after the last file.
   * @throws {SyntaxError} If no header of a file follows, or one without the file's length.
   */
  next(): Promise<string | undefined>;
  /**
   * The content of the file that {@linkcode next} went to; its CRC-32 is checked. Call it once.
   *
   * @param limit Most bytes of it, compressed or not.
   * @throws {SyntaxError} If it is damaged, cut short, encrypted or longer.
   */
  read(limit: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Waits for the end of the stream, whose sender may check it as a whole there. */
  finish(): Promise<void>;
  /** Cancels the stream. Safe to call twice. */
  close(): void;
}

const FILE_HEADER = 0x04034b50; // "PK", 3, 4
const DIRECTORY_HEADER = 0x02014b50; // "PK", 1, 2
/** Bytes of a file's header before its name. */
const HEADER_BYTES = 30;

/** Flags of a file; with the second its length follows its content. */
const ENCRYPTED = 1, DATA_DESCRIPTOR = 8;
/** Compression methods. */
const STORED = 0, DEFLATED = 8;

/** The part of a file's header that is needed. */
interface Header {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
}

/**
 * Whether an archive begins with a file of that name, with its length in front.
 *
 * @param start The archive's first bytes, at least to the end of the name.
 */
export function startsWithFile(start: Uint8Array, name: string): boolean {
  if (start.length < HEADER_BYTES + name.length) return false;
  const view = new DataView(start.buffer, start.byteOffset);
  const text = start.subarray(HEADER_BYTES, HEADER_BYTES + name.length);
  return view.getUint32(0, true) === FILE_HEADER &&
    (view.getUint16(6, true) & DATA_DESCRIPTOR) === 0 &&
    view.getUint16(26, true) === name.length &&
    new TextDecoder().decode(text) === name;
}

/** Reads an archive on demand, as it arrives. */
export function openZipStream(bytes: ByteQueue | ByteCursor): ZipStream {
  const fail = failReading(bytes.name);
  let header: Header | undefined;
  let isUnread = false;

  return {
    async next() {
      if (isUnread) await bytes.skip(header!.compressedSize);
      header = await readHeader(bytes, fail);
      isUnread = header !== undefined;
      return header?.name;
    },
    async read(limit) {
      const { name, flags, method, crc, compressedSize, size } = header!;
      if (size > limit || compressedSize > limit) {
        throw fail(
          `entry "${name}" has ${size} bytes; expected at most ${limit}`,
        );
      }
      if (flags & ENCRYPTED || (method !== STORED && method !== DEFLATED)) {
        throw fail(
          `entry "${name}" is encrypted or compressed by method ${method}; expected stored or deflated`,
        );
      }
      isUnread = false;
      const stored = await bytes.take(compressedSize);
      try {
        const content = method === STORED
          ? stored
          : await inflateRaw(stored, size);
        if (content !== stored) release(stored);
        if (crc32(content) === crc) return content;
        throw new Error("wrong CRC-32");
      } catch (error) {
        throw fail(
          `entry "${name}" is damaged (${(error as Error).message})`,
          error,
        );
      }
    },
    finish: async () => await bytes.finish(),
    close: () => bytes.close(),
  };
}

async function readHeader(
  bytes: ByteQueue | ByteCursor,
  fail: Fail,
): Promise<Header | undefined> {
  const at = bytes.position;
  const view = new DataView((await bytes.take(HEADER_BYTES)).buffer);
  const signature = view.getUint32(0, true);
  if (signature === DIRECTORY_HEADER) return undefined;
  if (signature !== FILE_HEADER) {
    throw fail(`expected a zip entry at byte ${at}`);
  }
  const name = await bytes.take(view.getUint16(26, true));
  await bytes.skip(view.getUint16(28, true)); // Extra fields.
  const header: Header = {
    name: new TextDecoder().decode(name),
    flags: view.getUint16(6, true),
    method: view.getUint16(8, true),
    crc: view.getUint32(14, true),
    compressedSize: view.getUint32(18, true),
    size: view.getUint32(22, true),
  };
  // A size of more than 32 bits is all ones.
  if (header.flags & DATA_DESCRIPTOR || header.compressedSize === 0xffffffff) {
    throw fail(
      `the length of entry "${header.name}" isn't in front of it, so it can't be read while it arrives`,
    );
  }
  return header;
}
