/**
 * Storages as PyTorch wrote them before 1.6: the number of elements as an int64, then the
 * elements. Both are little-endian, whatever the machine was.
 *
 * Source: PyTorch 1.13, `torch/csrc/serialization.cpp`; the same since October 2016.
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import type { StorageReader } from "./tensor_view.ts";

/** Where one stands in its file. */
export interface RawStorage {
  /** Position of the number of elements. */
  readonly position: number;
  /** The number that has to stand there. */
  readonly length: number;
}

/** Bytes of the number in front of the elements. */
export const COUNT_BYTES = 8;

/** The number of elements of the storage that stands there, which may be beyond all reason. */
export async function readCount(
  source: ByteSource,
  position: number,
): Promise<number> {
  const bytes = await source.read(position, COUNT_BYTES);
  return Number(new DataView(bytes.buffer).getBigInt64(0, true));
}

/** Reads views of them. Every view's storage must be there. */
export function rawStorageReader(
  source: ByteSource,
  storages: ReadonlyMap<string, RawStorage>,
): StorageReader {
  return {
    littleEndian: true,
    range(view) {
      const { offset, length } = view.bytes;
      const { position } = storages.get(view.storage.key)!;
      return { offset: position, length: COUNT_BYTES + offset + length };
    },
    async read(view) {
      const { position, length } = storages.get(view.storage.key)!;
      const count = await readCount(source, position);
      if (count !== length) {
        throw new SyntaxError(
          `cannot read "${source.name}": a storage of ${count} elements at byte ${position}, ${length} were expected`,
        );
      }
      const span = view.bytes;
      return await source.read(
        position + COUNT_BYTES + span.offset,
        span.length,
      );
    },
  };
}
