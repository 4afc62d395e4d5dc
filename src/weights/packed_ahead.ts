/**
 * Packed weights in memory or on disk, read from front to back while reads come in that order.
 *
 * That needs neither the archive's directory nor the library that reads it, so a model starts sooner.
 *
 * @module
 */

import { ByteCursor } from "../formats/byte_cursor.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { openZip } from "../formats/zip.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openPacked } from "./packed.ts";
import { openPackedStream } from "./packed_stream.ts";

/**
 * Opens packed weights whose tensors may be read in any order. From the first read that is out of
 * the file's order or overlaps another, the directory is used.
 *
 * @param source What they are read from; closed with the checkpoint.
 * @throws {SyntaxError} If the metadata are damaged.
 */
export async function openPackedAhead(source: ByteSource): Promise<Checkpoint> {
  const stream = await openPackedStream(new ByteCursor(source));
  const { tensors, metadata } = stream;
  const order = [...tensors.keys()];
  let next = 0;
  let isReading = false;
  let byDirectory: Promise<Checkpoint> | undefined;

  const read = async <T>(
    name: string,
    how: (checkpoint: Checkpoint) => Promise<T>,
  ): Promise<T> => {
    const place = order.indexOf(name);
    if (isReading || byDirectory || place < next) {
      byDirectory ??= openZip(source)
        .then((archive) => openPacked(source, archive));
      return await how(await byDirectory);
    }
    next = place + 1;
    isReading = true;
    try {
      return await how(stream);
    } finally {
      isReading = false;
    }
  };

  return {
    source: source.name,
    tensors,
    metadata,
    read: (name) => read(name, (checkpoint) => checkpoint.read(name)),
    readRows: (name) => read(name, (checkpoint) => checkpoint.readRows!(name)),
    close() {
      stream.close();
      source.close();
    },
  };
}
