/**
 * A zip archive read from front to back while it arrives, without its directory, which stands
 * at the end.
 *
 * @module
 */

import type { ByteCursor } from "./byte_cursor.ts";
import type { ByteQueue } from "./byte_queue.ts";
import { crc32 } from "./crc32.ts";
import { release } from "../runtime/release.ts";
import { inflateRaw } from "../runtime/inflate.ts";

/** An archive that is arriving. */
export interface ZipStream {
  /**
   * Goes to the next file; the content of the one before is passed over if it was not read.
   *
   * @returns Its name, or undefined behind the last one.
   * @throws {SyntaxError} If no file's header follows, or one that does not say where it ends.
   */
  next(): Promise<string | undefined>;
  /**
   * The content of the file that {@linkcode next} went to, its CRC-32 checked. Once.
   *
   * @param limit The most bytes that it may have, packed or unpacked.
   * @throws {SyntaxError} If it is damaged, cut short, encrypted or longer.
   */
  read(limit: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Waits for the end of the stream, at which its sender may have checked it as a whole. */
  finish(): Promise<void>;
  /** Cancels the stream: the rest is not wanted. Safe to call twice. */
  close(): void;
}

const FILE_HEADER = 0x04034b50; // "PK", 3, 4
const DIRECTORY_HEADER = 0x02014b50; // "PK", 1, 2
/** Bytes of a file's header up to its name. */
const HEADER_BYTES = 30;

/** Flags of a file. */
const ENCRYPTED = 1, SIZE_BEHIND = 8;
/** How a file is packed. */
const STORED = 0, DEFLATED = 8;

/** What a file's header says, as far as it is used. */
interface Header {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
}

/**
 * Whether an archive begins with a file of that name and so says its length there.
 *
 * @param start The archive's first bytes, up to the end of the name.
 */
export function startsWithFile(start: Uint8Array, name: string): boolean {
  if (start.length < HEADER_BYTES + name.length) return false;
  const view = new DataView(start.buffer, start.byteOffset);
  const text = start.subarray(HEADER_BYTES, HEADER_BYTES + name.length);
  return view.getUint32(0, true) === FILE_HEADER &&
    (view.getUint16(6, true) & SIZE_BEHIND) === 0 &&
    view.getUint16(26, true) === name.length &&
    new TextDecoder().decode(text) === name;
}

/**
 * Reads an archive as it arrives. Nothing is read before it is asked for.
 *
 * @param bytes Its name is what error messages call the archive.
 */
export function openZipStream(bytes: ByteQueue | ByteCursor): ZipStream {
  const fail = (why: string, cause?: unknown) =>
    new SyntaxError(`cannot read "${bytes.name}": ${why}`, { cause });
  let header: Header | undefined;
  let isUnread = false;

  return {
    async next() {
      if (isUnread) await bytes.skip(header!.packedSize);
      header = await readHeader(bytes, fail);
      isUnread = header !== undefined;
      return header?.name;
    },
    async read(limit) {
      const { name, flags, method, crc, packedSize, size } = header!;
      if (size > limit || packedSize > limit) {
        throw fail(`entry "${name}" claims ${size} bytes, at most ${limit}`);
      }
      if (flags & ENCRYPTED || (method !== STORED && method !== DEFLATED)) {
        throw fail(
          `entry "${name}" is encrypted or packed by method ${method}`,
        );
      }
      isUnread = false;
      const packed = await bytes.take(packedSize);
      try {
        const content = method === STORED
          ? packed
          : await inflateRaw(packed, size);
        if (content !== packed) release(packed);
        if (crc32(content) === crc) return content;
      } catch (error) {
        throw fail(
          `entry "${name}" is damaged (${(error as Error).message})`,
          error,
        );
      }
      throw fail(`entry "${name}" is damaged (its CRC-32 is another)`);
    },
    finish: async () => await bytes.finish(),
    close: () => bytes.close(),
  };
}

async function readHeader(
  bytes: ByteQueue | ByteCursor,
  fail: (why: string) => SyntaxError,
): Promise<Header | undefined> {
  const at = bytes.position;
  const view = new DataView((await bytes.take(HEADER_BYTES)).buffer);
  const signature = view.getUint32(0, true);
  if (signature === DIRECTORY_HEADER) return undefined;
  if (signature !== FILE_HEADER) throw fail(`no zip entry at byte ${at}`);
  const name = await bytes.take(view.getUint16(26, true));
  await bytes.skip(view.getUint16(28, true)); // Extra fields.
  const header: Header = {
    name: new TextDecoder().decode(name),
    flags: view.getUint16(6, true),
    method: view.getUint16(8, true),
    crc: view.getUint32(14, true),
    packedSize: view.getUint32(18, true),
    size: view.getUint32(22, true),
  };
  // A size that does not fit into 32 bits is all ones, too.
  if (header.flags & SIZE_BEHIND || header.packedSize === 0xffffffff) {
    throw fail(
      `entry "${header.name}" does not say its length in front, which is needed while it arrives`,
    );
  }
  return header;
}
