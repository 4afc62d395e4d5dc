/**
 * The `.pth` of PyTorch 1.6 and later: a zip archive of a pickle, `data.pkl`, and of one stored
 * entry for each storage, `data/0` ….
 *
 * Source: PyTorch 1.13, `torch/serialization.py`; `byteorder` since 2.1.
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import { isCount } from "../formats/elements.ts";
import type { ZipArchive } from "../formats/zip.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type PickleWorld, unpickle } from "./pickle.ts";
import { findStateDict } from "./state_dict.ts";
import { Storage, type TensorView, viewsCheckpoint } from "./tensor_view.ts";
import { StorageType, torchGlobals } from "./torch_globals.ts";

/** The entry that tells such an archive from others; the folder before it has any name. */
export const PICKLE_ENTRY = /^(?:[^/]*\/)?data\.pkl$/;

/** What the pickle may refer to; a persistent id is `("storage", type, key, location, length)`. */
export const pthWorld: PickleWorld = {
  globals: torchGlobals,
  persistent(id, fail) {
    const [kind, type, key, , length] = Array.isArray(id) ? id : [];
    if (
      kind !== "storage" || !(type instanceof StorageType) ||
      typeof key !== "string" || !isCount(length)
    ) {
      throw fail("a persistent id that names no storage");
    }
    return new Storage(key, type.dtype, length);
  },
};

/**
 * Opens a checkpoint whose archive has a `data.pkl`.
 *
 * A tensor's bytes are read when it is asked for, and no others. They are checked by the
 * archive's CRC where the tensor is the whole of its storage, as it is but in rare files.
 *
 * @param source Where the archive is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged, or holds no state dict, or what none may hold.
 */
export async function openPth(
  source: ByteSource,
  archive: ZipArchive,
): Promise<Checkpoint> {
  const fail = (why: string) =>
    new SyntaxError(`cannot read "${source.name}": ${why}`);
  const pickleName = [...archive.entries.keys()]
    .find((name) => PICKLE_ENTRY.test(name))!;
  const folder = pickleName.slice(0, -"data.pkl".length);
  const entryOf = (view: TensorView) => `${folder}data/${view.storage.key}`;

  const pickle = await readStored(pickleName);
  const saved = unpickle(pickle, `${source.name}: ${pickleName}`, pthWorld);
  const views = findStateDict(saved.value, fail);
  for (const [name, view] of views) {
    const entry = archive.entries.get(entryOf(view));
    if (entry?.size !== view.storage.byteLength) {
      throw fail(
        `the storage of "${name}" has ${view.storage.byteLength} bytes, its entry "${
          entryOf(view)
        }" ${entry === undefined ? "is missing" : `has ${entry.size}`}`,
      );
    }
  }
  return viewsCheckpoint(source, views, {
    littleEndian: await readByteOrder(),
    range: (view) => archive.rangeOf(entryOf(view)),
    read(view) {
      const { offset, length } = view.bytes;
      return length === view.storage.byteLength
        ? readStored(entryOf(view))
        : archive.readRange(entryOf(view), offset, length);
    },
  });

  /** Stored entries only, so that no entry is longer than the file. */
  async function readStored(name: string): Promise<Uint8Array<ArrayBuffer>> {
    if (!archive.entries.get(name)!.stored) {
      throw fail(`entry "${name}" is compressed, torch.save stores it`);
    }
    return await archive.read(name);
  }

  async function readByteOrder(): Promise<boolean> {
    const name = `${folder}byteorder`;
    if (!archive.entries.has(name)) return true;
    const order = new TextDecoder().decode(await readStored(name));
    if (order === "little" || order === "big") return order === "little";
    throw fail(
      `byte order ${
        JSON.stringify(order.slice(0, 20))
      }, known are "little" and "big"`,
    );
  }
}
