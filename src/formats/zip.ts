/**
 * Zip archives: random access to one, and one written as a stream.
 *
 * @module
 */

import type { Entry, FileEntry } from "@zip.js/zip.js/lib/zip-core-custom.js";
import type { ByteSource } from "../runtime/byte_source.ts";
import { crc32 } from "./crc32.ts";
import { release } from "../runtime/release.ts";
import { inflateRaw } from "../runtime/inflate.ts";

/** A file in an archive, as the archive's directory has it. */
export interface ZipEntry {
  /** Length of the content in bytes. */
  readonly size: number;
  /** Whether the content is stored as it is, and so can be read in part. */
  readonly stored: boolean;
}

/** An open archive. Its source stays open; whoever opened that closes it. */
export interface ZipArchive {
  /** The files, in the directory's order; of two with the same name the last. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * The part of the archive that reading an entry takes, with what stands around its content.
   *
   * @throws {SyntaxError} If the entry is missing.
   */
  rangeOf(name: string): { offset: number; length: number };
  /**
   * The content of a file, its CRC-32 checked.
   *
   * @throws {SyntaxError} If the entry is missing, damaged or encrypted.
   */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * A part of a stored file, with nothing to check it by.
   *
   * @throws {SyntaxError} If the entry is missing, compressed or shorter.
   */
  readRange(
    name: string,
    offset: number,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** At most `length` bytes from a file's start, of a compressed one perhaps fewer; unchecked. */
  readStart(name: string, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** The zip library, without its web workers. */
const zipLibrary = () => import("@zip.js/zip.js/lib/zip-core-custom.js");

/** No encoder of deflate gets more than this out of a byte. */
const MAX_DEFLATE_RATIO = 1032;

/** Bytes of a local file header, up to the name. */
const LOCAL_HEADER = 30;

/**
 * Opens an archive by its directory.
 *
 * @throws {SyntaxError} If it is no zip archive, or cut short, or its entries overlap.
 */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const { Reader, ZipReader } = await zipLibrary();
  /** The source's own error, a disk's or a network's, which is no fault of the archive. */
  let sourceError: unknown;
  class SourceReader extends Reader<ByteSource> {
    override size = source.size;
    override async readUint8Array(offset: number, length: number) {
      // The library asks beyond the end, and expects what there is.
      const start = Math.min(offset, source.size);
      const end = Math.min(start + length, source.size);
      try {
        return await source.read(start, end - start);
      } catch (error) {
        throw sourceError = error;
      }
    }
  }
  const fail = (why: string) =>
    new SyntaxError(`cannot read "${source.name}": ${why}`);
  const damaged = (name: string, why: string) =>
    fail(`entry "${name}" is damaged (${why})`);

  let listed: Entry[];
  try {
    listed = await new ZipReader(new SourceReader(source)).getEntries();
  } catch (error) {
    throw error === sourceError
      ? error
      : fail(`no zip archive, or cut short (${message(error)})`);
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
        `entry "${name}" claims ${entry.uncompressedSize} bytes in ${entry.compressedSize}`,
      );
    }
    return entry;
  };

  /** Bytes as they stand in the archive, `offset` counted from where the entry's data begin. */
  const readRaw = async (entry: FileEntry, offset: number, length: number) => {
    const header = new DataView(
      (await source.read(entry.offset, LOCAL_HEADER)).buffer,
    );
    if (header.getUint32(0) !== 0x504b0304) {
      throw fail(`entry "${entry.filename}" is not where the directory says`);
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
      // The local header's length is not in the directory, but where the next entry begins.
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
        throw damaged(name, "it has not the length that the directory says");
      }
      if (crc32(content) !== entry.crc32) {
        throw damaged(name, "its CRC differs");
      }
      return content;
    },
    async readRange(name, offset, length) {
      const entry = file(name);
      if (!isStored(entry)) throw fail(`entry "${name}" is compressed`);
      if (offset < 0 || offset + length > entry.uncompressedSize) {
        throw fail(
          `entry "${name}" has ${entry.uncompressedSize} bytes, asked for ${length} from ${offset} on`,
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
      // Twice the length leaves room for the code tables of the first block.
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

/** An archive being written. */
export interface ZipOutput {
  /** Appends a file; wait for it before the next. */
  add(
    name: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  ): Promise<void>;
  /** Writes the directory and closes the stream. */
  close(): Promise<void>;
}

/**
 * Starts an archive; the same content gives the same bytes on the same runtime.
 *
 * @param options.deflate Whether the files are compressed; stored if left out.
 */
export async function createZip(
  destination: WritableStream<Uint8Array>,
  options: { deflate?: boolean } = {},
): Promise<ZipOutput> {
  const { Uint8ArrayReader, ZipWriter } = await zipLibrary();
  const writer = new ZipWriter(destination, {
    level: options.deflate ? 6 : 0,
    // The first moment that the format knows, as in NumPy's archives.
    lastModDate: new Date(1980, 0, 1),
    extendedTimestamp: false,
    useWebWorkers: false,
  });
  return {
    async add(name, content) {
      await writer.add(
        name,
        content instanceof Uint8Array ? new Uint8ArrayReader(content) : content,
      );
    },
    async close() {
      await writer.close();
    },
  };
}

function isStored(entry: FileEntry): boolean {
  return entry.compressionMethod === 0;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
