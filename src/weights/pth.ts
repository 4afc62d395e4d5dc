/**
 * The `.pth` of PyTorch 1.6 and later: a zip archive with a pickle, `data.pkl`, and an entry for each
 * storage, `data/0` …. torch.save doesn't compress them, but who zips a folder does.
 *
 * Source: PyTorch 1.13, `torch/serialization.py`; `byteorder` since 2.1.
 *
 * @module
 */

import { either, expected, few } from "../errors/expected.ts";
import { type Fail, failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { elementCount, itemSize } from "../formats/elements.ts";
import type { ZipArchive, ZipEntry } from "../formats/zip.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { unpickle } from "./pickle.ts";
import type { PickleWorld } from "./pickle_machine.ts";
import { TensorView, viewsCheckpoint } from "./tensor_view.ts";
import { tensorsIn } from "./tensors_in.ts";
import { storageOf, torchGlobals } from "./torch_globals.ts";

/** The entry by which such an archive is recognised; its folder has any name. */
export const PICKLE_ENTRY = /^(?:[^/]*\/)?data\.pkl$/;

/** What the pickle may refer to; a persistent id is `("storage", type, key, location, length)`. */
export const pthWorld: PickleWorld = {
  globals: torchGlobals,
  persistent: storageOf,
};

/** Bytes of a compressed pickle that is read from any file, and as a multiple of a file's size. */
const FREE_PICKLE = 2 ** 24, MAX_PICKLE_RATIO = 64;

/** Bytes that a compressed storage may have beside its tensors'. */
const SPARE_BYTES = 2 ** 16;

/**
 * Opens a checkpoint whose archive has a `data.pkl`. Tensors are read on demand.
 *
 * The archive's CRC is checked where a tensor is the whole of its storage, as nearly all are.
 *
 * @param source What the archive is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged or has no tensors.
 */
export async function openPth(
  source: ByteSource,
  archive: ZipArchive,
): Promise<Checkpoint> {
  const fail = failReading(source.name);
  const pickles = [...archive.entries.keys()]
    .filter((name) => PICKLE_ENTRY.test(name));
  const [pickleName] = pickles;
  if (pickles.length > 1) {
    throw fail(`it has several state dicts: ${few(pickles)}`);
  }
  const folder = pickleName.slice(0, -"data.pkl".length);
  refuseCode(archive, folder, fail);
  const entryOf = (view: TensorView) => `${folder}data/${view.storage.key}`;

  const most = Math.max(FREE_PICKLE, MAX_PICKLE_RATIO * source.size);
  const pickle = await archive.read(pickleName, most);
  const saved = unpickle(pickle, `${source.name}: ${pickleName}`, pthWorld);
  const { tensors, inModules } = tensorsIn(saved.value, fail);
  /** A compressed storage, which several tensors may be views of. */
  let inflated = { entry: "", bytes: new Uint8Array() };
  let needed: Map<string, number> | undefined;

  return viewsCheckpoint(source, tensors, {
    littleEndian: await readByteOrder(),
    range: (view) => archive.rangeOf(entryOf(view)),
    async read(view) {
      const entry = entryOf(view);
      const { size, stored } = requireEntry(view);
      const { offset, length } = view.bytes;
      if (length === size) return await archive.read(entry);
      if (stored) return await archive.readRange(entry, offset, length);
      if (inflated.entry !== entry) {
        needed ??= bytesByStorage();
        const most = SPARE_BYTES + needed.get(view.storage.key)!;
        inflated = { entry, bytes: await archive.read(entry, most) };
      }
      return inflated.bytes.slice(offset, offset + length);
    },
  }, inModules);

  /** The bytes of all tensors in each storage. */
  function bytesByStorage(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const view of tensors.values()) {
      if (!(view instanceof TensorView)) continue;
      const { key, dtype } = view.storage;
      const bytes = elementCount(view.shape) * itemSize(dtype);
      sums.set(key, (sums.get(key) ?? 0) + bytes);
    }
    return sums;
  }

  function requireEntry(view: TensorView): ZipEntry {
    const name = entryOf(view), { byteLength } = view.storage;
    const entry = archive.entries.get(name);
    if (entry === undefined) throw fail(`entry "${name}" is missing`);
    if (entry.size === byteLength) return entry;
    throw fail(expected(`entry "${name}"`, `${byteLength} bytes`, entry.size));
  }

  async function readByteOrder(): Promise<boolean> {
    const name = `${folder}byteorder`;
    if (!archive.entries.has(name)) return true;
    const bytes = await archive.readStart(name, 20);
    const order = new TextDecoder().decode(bytes);
    if (order === "little" || order === "big") return order === "little";
    throw fail(expected("byteorder", either(["little", "big"]), order));
  }
}

/** Rejects archives with code, whose tensors alone aren't the network. */
function refuseCode(archive: ZipArchive, folder: string, fail: Fail): void {
  if (!archive.entries.has(`${folder}constants.pkl`)) return;
  throw fail(
    "it is a TorchScript archive; save torch.jit.load(path).state_dict() by torch.save instead",
  );
}
