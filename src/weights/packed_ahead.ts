/**
 * Packed weights at hand, read from front to back as long as they are asked for in that order.
 *
 * That takes neither the archive's directory nor the library that reads one: what a model needs is
 * there sooner.
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
 * Opens packed weights that {@linkcode openPackedStream} reads. Tensors may be read in any order; the
 * first that is out of the file's, or asked for before the one before has come, and those from then
 * on come by the directory.
 *
 * @param source Where they are read from; closed with the checkpoint.
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
