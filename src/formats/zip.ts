/**
 * Zip archives with random access.
 *
 * @module
 */

import type { ByteRange, ByteSource } from "../runtime/byte_source.ts";
import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import { crc32 } from "./crc32.ts";
import { release } from "../runtime/release.ts";
import { inflateRaw } from "../runtime/inflate.ts";
import { readZipDirectory, type ZipRecord } from "./zip_directory.ts";

/** What an archive's directory says of a file. */
export interface ZipEntry {
  /** Length of the content in bytes. */
  readonly size: number;
  /** Whether the content is not compressed, so that parts of it can be read. */
  readonly stored: boolean;
}

/** An open archive. The caller closes its source. */
export interface ZipArchive {
  /** The files, in the directory's order; of two with one name the last. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * The bytes of the archive that {@linkcode read} reads, headers included.
   *
   * @throws {SyntaxError} If the entry is missing.
   */
  rangeOf(name: string): ByteRange;
  /**
   * The content of a file; its CRC-32 is checked.
   *
   * @param most The most bytes that it may have; more aren't inflated.
   * @throws {SyntaxError} If the entry is missing, larger, damaged or encrypted.
   */
  read(name: string, most?: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * A part of a stored file; its CRC-32 can't be checked.
   *
   * @throws {SyntaxError} If the entry is missing, compressed or shorter.
   */
  readRange(
    name: string,
    offset: number,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** The first `length` bytes of a file, perhaps fewer of a compressed one; not checked. */
  readStart(name: string, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Deflate's limit. */
const MAX_DEFLATE_RATIO = 1032;

const STORED = 0, DEFLATED = 8;

/** Other methods of compression. */
const METHODS: Readonly<Record<number, string>> = {
  9: "deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
};

/** Bytes of a local file header before the name. */
const LOCAL_HEADER = 30;

/**
 * Opens an archive by its directory.
 *
 * @throws {SyntaxError} If it isn't a zip archive, or is cut short, or its entries overlap.
 */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const fail = failReading(source.name);
  const damaged = (name: string, why: string) =>
    fail(`entry "${name}" is damaged (${why})`);
  const files = new Map<string, ZipRecord>();
  for (const record of await readZipDirectory(source)) {
    files.set(record.name, record);
  }

  const placed = [...files.values()].sort((a, b) => a.offset - b.offset);
  /** The directory doesn't have the local headers' lengths, but the next entry's start. */
  const ends = new Map<string, number>();
  for (
    const [i, { offset, name, nameLength, packedSize }] of placed.entries()
  ) {
    const end = offset + LOCAL_HEADER + nameLength + packedSize;
    const next = placed[i + 1];
    ends.set(name, next?.offset ?? source.size);
    if (next !== undefined && end > next.offset) {
      throw fail(`entries "${name}" and "${next.name}" overlap`);
    }
  }

  const file = (name: string) => {
    const entry = files.get(name);
    if (entry === undefined) throw fail(`it has no entry "${name}"`);
    const limit = entry.packedSize *
      (isStored(entry) ? 1 : MAX_DEFLATE_RATIO);
    if (entry.size > limit) {
      throw fail(
        `entry "${name}" can't hold ${entry.size} bytes in ${entry.packedSize}`,
      );
    }
    if (entry.encrypted) throw fail(`entry "${name}" is encrypted`);
    if (entry.method !== STORED && entry.method !== DEFLATED) {
      const method = METHODS[entry.method] ?? `method ${entry.method}`;
      throw fail(`entry "${name}" is compressed by ${method}, not deflate`);
    }
    return entry;
  };

  /** Bytes of the archive, counted from the start of the entry's data. */
  const readRaw = async (entry: ZipRecord, offset: number, length: number) => {
    const header = new DataView(
      (await source.read(entry.offset, LOCAL_HEADER)).buffer,
    );
    if (header.getUint32(0) !== 0x504b0304) {
      throw fail(`entry "${entry.name}" isn't where the directory says`);
    }
    const data = entry.offset + LOCAL_HEADER + header.getUint16(26, true) +
      header.getUint16(28, true);
    return source.read(data + offset, length);
  };

  return {
    entries: new Map(
      [...files].map(([name, entry]) => [
        name,
        { size: entry.size, stored: isStored(entry) },
      ]),
    ),
    rangeOf(name) {
      const { offset } = file(name);
      return { offset, length: ends.get(name)! - offset };
    },
    async read(name, most = Infinity) {
      const entry = file(name);
      if (entry.size > most) {
        const what = `at most ${most} bytes`;
        throw fail(expected(`entry "${name}"`, what, entry.size));
      }
      let content = await readRaw(entry, 0, entry.packedSize);
      if (!isStored(entry)) {
        const deflated = content;
        try {
          content = await inflateRaw(deflated, entry.size);
          release(deflated);
        } catch (error) {
          throw damaged(name, message(error));
        }
      }
      if (content.length !== entry.size) {
        throw damaged(name, "its length isn't the directory's");
      }
      if (crc32(content) !== entry.crc32) {
        throw damaged(name, "wrong CRC-32");
      }
      return content;
    },
    async readRange(name, offset, length) {
      const entry = file(name);
      if (!isStored(entry)) throw fail(`entry "${name}" is compressed`);
      if (offset < 0 || offset + length > entry.size) {
        throw fail(
          `entry "${name}" has ${entry.size} bytes; cannot read ${length} at ${offset}`,
        );
      }
      return await readRaw(entry, offset, length);
    },
    async readStart(name, length) {
      const entry = file(name);
      if (isStored(entry)) {
        return await readRaw(
          entry,
          0,
          Math.min(length, entry.size),
        );
      }
      const { Inflate } = await import("fflate");
      // Twice the length has room for the code tables of the first block.
      const start = await readRaw(
        entry,
        0,
        Math.min(2 * length, entry.packedSize),
      );
      let head = new Uint8Array(0);
      try {
        new Inflate((chunk) => head = chunk.slice(0, length)).push(start);
      } catch (error) {
        throw damaged(name, message(error));
      }
      return head;
    },
  };
}

function isStored(entry: ZipRecord): boolean {
  return entry.method === STORED;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
