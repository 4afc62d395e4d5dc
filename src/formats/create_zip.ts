import { crc32 } from "./crc32.ts";

/** A zip archive being written; await each call before the next. */
export interface ZipOutput {
  /** Appends a file as it is. */
  add(
    name: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  ): Promise<void>;
  /** Appends a file that is compressed already, as raw deflate; with its length in front. */
  addDeflated(
    name: string,
    deflated: Uint8Array<ArrayBuffer>,
    content: Uint8Array,
  ): Promise<void>;
  /** Writes the directory and closes the stream. */
  close(): Promise<void>;
}

/** Starts an archive; the same content gives the same bytes. */
export async function createZip(
  destination: WritableStream<Uint8Array>,
): Promise<ZipOutput> {
  const { Uint8ArrayReader, ZipWriter } = await import(
    "@zip.js/zip.js/lib/zip-core-custom.js"
  );
  const writer = new ZipWriter(destination, {
    level: 0,
    // The earliest date of the format, as in NumPy's archives.
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
    async addDeflated(name, deflated, content) {
      await writer.add(name, new Uint8ArrayReader(deflated), {
        passThrough: true,
        dataDescriptor: false,
        compressionMethod: 8,
        uncompressedSize: content.length,
        signature: crc32(content),
      });
    },
    async close() {
      await writer.close();
    },
  };
}
