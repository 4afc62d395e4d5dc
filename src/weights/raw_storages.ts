/**
 * Storages as PyTorch wrote them before 1.6: the number of elements as an int64, then the elements,
 * both little-endian on every machine.
 *
 * Source: PyTorch 1.13, `torch/csrc/serialization.cpp`; the same since October 2016.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import type { StorageReader } from "./tensor_view.ts";

/** Where a storage is in its file. */
export interface RawStorage {
  /** Position of the number of elements. */
  readonly position: number;
  /** The number expected there. */
  readonly length: number;
}

/** Bytes of the number of elements. */
export const COUNT_BYTES = 8;

/** The number of elements of the storage at a position; not checked. */
export async function readCount(
  source: ByteSource,
  position: number,
): Promise<number> {
  const bytes = await source.read(position, COUNT_BYTES);
  return Number(new DataView(bytes.buffer).getBigInt64(0, true));
}

/** Reads views of storages, which must hold every view's. */
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
        const subject = `storage at byte ${position}`;
        throw failReading(source.name)(
          expected(subject, `${length} elements`, asIs(`${count}`)),
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
