/**
 * Packed weights that are used while they arrive, and cut short behind the last tensor needed.
 *
 * @module
 */

import type { ByteCursor } from "../formats/byte_cursor.ts";
import type { ByteQueue } from "../formats/byte_queue.ts";
import { openZipStream, startsWithFile } from "../formats/zip_stream.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { MAX_METADATA, METADATA_ENTRY, parseMetadata } from "./metadata.ts";
import { type ReadEntry, readTensor, toFloats } from "./packed_tensor.ts";

/** Whether a file with that start, of 64 bytes or more, is what {@linkcode openPackedStream} reads. */
export function isPackedStart(start: Uint8Array): boolean {
  return startsWithFile(start, METADATA_ENTRY);
}

/**
 * Opens packed weights from their first bytes. Tensors are read in the file's order, which is that
 * of the forward pass; those in between are passed over. Never more than a tensor is held.
 *
 * Behind the last tensor that was announced by `expect`, or at `close`, the stream is cancelled;
 * behind the last one of the file it is read to its end.
 *
 * @param bytes The file's, which are the checkpoint's; their name is what error messages call it.
 * @throws {SyntaxError} If the file does not begin with its metadata, or they are damaged.
 */
export async function openPackedStream(
  bytes: ByteQueue | ByteCursor,
): Promise<Checkpoint> {
  const { name } = bytes;
  const fail = (why: string) =>
    new SyntaxError(`cannot read "${name}": ${why}`);
  const zip = openZipStream(bytes);

  const readMetadata = async () => {
    const first = await zip.next();
    if (first !== METADATA_ENTRY) {
      throw fail(`it begins with "${first}", not with ${METADATA_ENTRY}`);
    }
    return parseMetadata(
      new TextDecoder().decode(await zip.read(MAX_METADATA)),
      `${name}: ${METADATA_ENTRY}`,
    );
  };
  const metadata = await readMetadata().catch((error) => {
    zip.close();
    throw error;
  });
  const tensors = new Map(Object.entries(metadata.tensors));
  const order = [...tensors.keys()];
  /** Places in the order: of the last tensor that is wanted, and of the next to arrive. */
  let last = order.length - 1;
  let next = 0;

  const readEntry: ReadEntry = async (entry, limit) => {
    for (;;) {
      const found = await zip.next();
      if (found === entry) return await zip.read(limit);
      if (found === undefined) {
        throw fail(`it has no entry "${entry}" where the metadata place it`);
      }
    }
  };

  return {
    source: name,
    tensors,
    metadata,
    expect(names) {
      last = Math.max(...names.map((name) => order.indexOf(name)));
    },
    read: async (tensor) => toFloats(await readRows(tensor)),
    readRows,
    close: () => zip.close(),
  };

  async function readRows(tensor: string) {
    const info = tensors.get(tensor);
    if (info === undefined) {
      throw new RangeError(`"${name}" has no tensor "${tensor}"`);
    }
    const place = order.indexOf(tensor);
    if (place < next || next > last) {
      throw new RangeError(
        `cannot read "${tensor}" of "${name}": it arrives only once, and "${
          order[next - 1]
        }" was read; ask in the file's order`,
      );
    }
    next = place + 1;
    const values = await readTensor(name, tensor, info, readEntry);
    if (next === order.length) await zip.finish();
    else if (next > last) zip.close();
    return values;
  }
}
