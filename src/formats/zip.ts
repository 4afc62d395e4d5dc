/**
 * Zip archives with random access.
 *
 * @module
 */

import type { Entry, FileEntry } from "@zip.js/zip.js/lib/zip-core-custom.js";
import type { ByteRange, ByteSource } from "../runtime/byte_source.ts";
import { failReading } from "../errors/fail.ts";
import { crc32 } from "./crc32.ts";
import { release } from "../runtime/release.ts";
import { inflateRaw } from "../runtime/inflate.ts";

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
   * @throws {SyntaxError} If the entry is missing, damaged or encrypted.
   */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
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

/** Bytes of a local file header before the name. */
const LOCAL_HEADER = 30;

/**
 * Opens an archive by its directory.
 *
 * @throws {SyntaxError} If it isn't a zip archive, or is cut short, or its entries overlap.
 */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const { Reader, ZipReader } = await import(
    "@zip.js/zip.js/lib/zip-core-custom.js"
  );
  /** The source's own error, of a disk or a network. */
  let sourceError: unknown;
  class SourceReader extends Reader<ByteSource> {
    override size = source.size;
    override async readUint8Array(offset: number, length: number) {
      // The library reads beyond the end, and expects fewer bytes there.
      const start = Math.min(offset, source.size);
      const end = Math.min(start + length, source.size);
      try {
        return await source.read(start, end - start);
      } catch (error) {
        throw sourceError = error;
      }
    }
  }
  const fail = failReading(source.name);
  const damaged = (name: string, why: string) =>
    fail(`entry "${name}" is damaged (${why})`);

  let listed: Entry[];
  try {
    listed = await new ZipReader(new SourceReader(source)).getEntries();
  } catch (error) {
    if (error === sourceError) throw error;
    throw fail(`not a zip archive, or cut short (${message(error)})`);
  }
  const files = new Map<string, FileEntry>();
  for (const entry of listed) {
    if (!entry.directory) files.set(entry.filename, entry);
  }

  const placed = [...files.values()].sort((a, b) => a.offset - b.offset);
  for (const [i, entry] of placed.entries()) {
    const { offset, filename, rawFilename, compressedSize } = entry;
    const end = offset + LOCAL_HEADER + rawFilename.length + compressedSize;
    const next = placed[i + 1];
    if (next !== undefined && end > next.offset) {
      throw fail(`entries "${filename}" and "${next.filename}" overlap`);
    }
  }

  const file = (name: string) => {
    const entry = files.get(name);
    if (entry === undefined) throw fail(`it has no entry "${name}"`);
    const limit = entry.compressedSize *
      (isStored(entry) ? 1 : MAX_DEFLATE_RATIO);
    if (entry.uncompressedSize > limit) {
      throw fail(
        `entry "${name}" can't hold ${entry.uncompressedSize} bytes in ${entry.compressedSize}`,
      );
    }
    return entry;
  };

  /** Bytes of the archive, counted from the start of the entry's data. */
  const readRaw = async (entry: FileEntry, offset: number, length: number) => {
    const header = new DataView(
      (await source.read(entry.offset, LOCAL_HEADER)).buffer,
    );
    if (header.getUint32(0) !== 0x504b0304) {
      throw fail(`entry "${entry.filename}" isn't where the directory says`);
    }
    const data = entry.offset + LOCAL_HEADER + header.getUint16(26, true) +
      header.getUint16(28, true);
    return source.read(data + offset, length);
  };

  return {
    entries: new Map(
      [...files].map(([name, entry]) => [
        name,
        { size: entry.uncompressedSize, stored: isStored(entry) },
      ]),
    ),
    rangeOf(name) {
      const { offset } = file(name);
      // The directory doesn't have the local header's length, but the next entry's start.
      const next = placed.find((entry) => entry.offset > offset);
      return { offset, length: (next?.offset ?? source.size) - offset };
    },
    async read(name) {
      const entry = file(name);
      if (entry.encrypted) throw fail(`entry "${name}" is encrypted`);
      let content = await readRaw(entry, 0, entry.compressedSize);
      if (!isStored(entry)) {
        const deflated = content;
        try {
          content = await inflateRaw(deflated, entry.uncompressedSize);
          release(deflated);
        } catch (error) {
          throw damaged(name, message(error));
        }
      }
      if (content.length !== entry.uncompressedSize) {
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
      if (offset < 0 || offset + length > entry.uncompressedSize) {
        throw fail(
          `entry "${name}" has ${entry.uncompressedSize} bytes; cannot read ${length} at ${offset}`,
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
          Math.min(length, entry.uncompressedSize),
        );
      }
      const { Inflate } = await import("fflate");
      // Twice the length has room for the code tables of the first block.
      const start = await readRaw(
        entry,
        0,
        Math.min(2 * length, entry.compressedSize),
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

function isStored(entry: FileEntry): boolean {
  return entry.compressionMethod === 0;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
