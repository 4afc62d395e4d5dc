/**
 * The `.pth` of PyTorch 1.6 and later: a zip archive with a pickle, `data.pkl`, and an uncompressed
 * entry for each storage, `data/0` ….
 *
 * Source: PyTorch 1.13, `torch/serialization.py`; `byteorder` since 2.1.
 *
 * @module
 */

import { either, expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import type { ZipArchive } from "../formats/zip.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { unpickle } from "./pickle.ts";
import type { PickleWorld } from "./pickle_machine.ts";
import { findStateDict } from "./state_dict.ts";
import { type TensorView, viewsCheckpoint } from "./tensor_view.ts";
import { storageOf, torchGlobals } from "./torch_globals.ts";

/** The entry by which such an archive is recognised; its folder has any name. */
export const PICKLE_ENTRY = /^(?:[^/]*\/)?data\.pkl$/;

/** What the pickle may refer to; a persistent id is `("storage", type, key, location, length)`. */
export const pthWorld: PickleWorld = {
  globals: torchGlobals,
  persistent: storageOf,
};

/**
 * Opens a checkpoint whose archive has a `data.pkl`. Tensors are read on demand.
 *
 * The archive's CRC is checked where a tensor is the whole of its storage, as nearly all are.
 *
 * @param source What the archive is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged, has no state dict, or has anything that a state dict may
 *   not have.
 */
export async function openPth(
  source: ByteSource,
  archive: ZipArchive,
): Promise<Checkpoint> {
  const fail = failReading(source.name);
  const pickleName = [...archive.entries.keys()]
    .find((name) => PICKLE_ENTRY.test(name))!;
  const folder = pickleName.slice(0, -"data.pkl".length);
  const entryOf = (view: TensorView) => `${folder}data/${view.storage.key}`;

  const pickle = await readStored(pickleName);
  const saved = unpickle(pickle, `${source.name}: ${pickleName}`, pthWorld);
  const views = findStateDict(saved.value, fail);
  for (const [name, view] of views) {
    const entry = `entry "${entryOf(view)}"`;
    const size = archive.entries.get(entryOf(view))?.size;
    if (size === undefined) {
      throw fail(`${entry} is missing; it holds "${name}"`);
    }
    if (size !== view.storage.byteLength) {
      const bytes = `${view.storage.byteLength} bytes of "${name}"`;
      throw fail(expected(entry, bytes, size));
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

  /** Only uncompressed entries, which are never longer than the file. */
  async function readStored(name: string): Promise<Uint8Array<ArrayBuffer>> {
    if (!archive.entries.get(name)!.stored) {
      throw fail(`entry "${name}" is compressed; torch.save doesn't do that`);
    }
    return await archive.read(name);
  }

  async function readByteOrder(): Promise<boolean> {
    const name = `${folder}byteorder`;
    if (!archive.entries.has(name)) return true;
    const order = new TextDecoder().decode(await readStored(name));
    if (order === "little" || order === "big") return order === "little";
    const orders = either(["little", "big"]);
    throw fail(expected("byteorder", orders, order.slice(0, 20)));
  }
}
