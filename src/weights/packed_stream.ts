/**
 * Packed weights that are used while they arrive; the stream ends after the last tensor needed.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { ByteCursor } from "../formats/byte_cursor.ts";
import type { ByteQueue } from "../formats/byte_queue.ts";
import { openZipStream, startsWithFile } from "../formats/zip_stream.ts";
import { type Checkpoint, requireTensor } from "./checkpoint.ts";
import { MAX_METADATA, METADATA_ENTRY, parseMetadata } from "./metadata.ts";
import { type ReadEntry, readTensor, toFloats } from "./packed_tensor.ts";

/** Whether a file that starts with these 64 bytes or more is a packed one that can be streamed. */
export function isPackedStart(start: Uint8Array): boolean {
  return startsWithFile(start, METADATA_ENTRY);
}

/**
 * Opens packed weights from their first bytes. Tensors are read in the file's order, that of the
 * forward pass, and may be skipped. At most one is in memory.
 *
 * After the last tensor that `expect` names, or at `close`, the stream is cancelled; after the last
 * one of the file it is read to its end.
 *
 * @param bytes The file; closed with the checkpoint.
 * @throws {SyntaxError} If the file doesn't begin with its metadata, or they are damaged.
 */
export async function openPackedStream(
  bytes: ByteQueue | ByteCursor,
): Promise<Checkpoint> {
  const { name } = bytes;
  const fail = failReading(name);
  const zip = openZipStream(bytes);

  const readMetadata = async () => {
    const first = await zip.next();
    if (first !== METADATA_ENTRY) {
      throw fail(expected("", `${METADATA_ENTRY} as its first entry`, first));
    }
    return parseMetadata(await zip.read(MAX_METADATA), name);
  };
  const metadata = await readMetadata().catch((error) => {
    zip.close();
    throw error;
  });
  const tensors = new Map(Object.entries(metadata.tensors));
  const order = [...tensors.keys()];
  /** Places in the order: of the last tensor needed, and of the next to arrive. */
  let last = order.length - 1;
  let next = 0;

  const readEntry: ReadEntry = async (entry, limit) => {
    for (;;) {
      const found = await zip.next();
      if (found === entry) return await zip.read(limit);
      if (found === undefined) {
        throw fail(`entry "${entry}" isn't where ${METADATA_ENTRY} places it`);
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
    const info = requireTensor(name, tensors, tensor);
    const place = order.indexOf(tensor);
    if (place < next || next > last) {
      throw new RangeError(
        `cannot read "${tensor}" of "${name}" after "${
          order[next - 1]
        }": a stream is read once, in the file's order`,
      );
    }
    next = place + 1;
    const values = await readTensor(name, tensor, info, readEntry);
    if (next === order.length) await zip.finish();
    else if (next > last) zip.close();
    return values;
  }
}
