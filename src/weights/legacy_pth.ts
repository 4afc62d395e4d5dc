/**
 * The `.pth` of PyTorch 0.1.10 to 1.5: a pickled magic number, the pickled protocol version and
 * properties of the machine, the pickled object, a pickled list of storage keys, the storages in
 * its order.
 *
 * Source: PyTorch 1.13, `_legacy_save` and `_legacy_load` in `torch/serialization.py`.
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import { isCount } from "../formats/elements.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { MAX_PICKLE, type PickleWorld, unpickle } from "./pickle.ts";
import {
  COUNT_BYTES,
  type RawStorage,
  rawStorageReader,
} from "./raw_storages.ts";
import { findStateDict } from "./state_dict.ts";
import { Storage, viewsCheckpoint } from "./tensor_view.ts";
import { StorageType, torchGlobals } from "./torch_globals.ts";

/** The pickled magic number, without the protocol in front of it. */
const MAGIC = "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/** Whether a file is of this format, from its first bytes as Latin-1. */
export function isLegacyPth(head: string): boolean {
  // Up to protocol 3 it follows the protocol, from 4 on a frame's length too.
  return [2, 11].includes(head.indexOf(MAGIC));
}

/**
 * Opens one. A tensor's bytes are read when it is asked for; where they are is known from the
 * lengths of the storages before it, and checked against the number that stands there.
 *
 * @param source What is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged, or holds no state dict, or what none may hold.
 */
export async function openLegacyPth(source: ByteSource): Promise<Checkpoint> {
  const fail = (why: string) =>
    new SyntaxError(`cannot read "${source.name}": ${why}`);
  const head = await source.read(0, Math.min(source.size, MAX_PICKLE));
  const roots = new Map<string, Storage>();
  const world = worldOf(roots);
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(head, source.name, world, at);
    at = end;
    return value;
  };

  next(); // The magic number.
  if (next() !== 1001) {
    throw fail("its protocol version is not the one that is known, 1001");
  }
  next(); // Byte order and integer sizes of the machine, which the storages don't follow.
  const views = findStateDict(next(), fail);
  const keys = next();
  if (!Array.isArray(keys)) throw fail("no list of storage keys");
  const storages = new Map<string, RawStorage>();
  for (const key of keys) {
    const root = roots.get(key);
    if (root === undefined) throw fail("a storage that the object is without");
    storages.set(key, { position: at, length: root.length });
    at += COUNT_BYTES + root.byteLength;
  }
  // Negated, since lengths from a file can add up to no number.
  if (!(at <= source.size)) {
    throw fail(`its storages end at byte ${at}, it has ${source.size}`);
  }
  for (const [name, { storage }] of views) {
    if (!storages.has(storage.key)) {
      throw fail(`the storage of "${name}" is missing`);
    }
  }
  return viewsCheckpoint(source, views, rawStorageReader(source, storages));
}

/**
 * What the pickles may refer to. A persistent id is `("storage", type, key, location, length,
 * view)`, a view of the storage `(view key, offset, length)` or None.
 *
 * @param roots Is filled with the whole storages.
 */
function worldOf(roots: Map<string, Storage>): PickleWorld {
  return {
    globals: torchGlobals,
    persistent(id, fail) {
      const [kind, type, key, , length, view] = Array.isArray(id) ? id : [];
      if (
        kind !== "storage" || !(type instanceof StorageType) ||
        typeof key !== "string" || !isCount(length)
      ) {
        throw fail("a persistent id that names no storage");
      }
      const root = roots.get(key) ?? new Storage(key, type.dtype, length);
      if (root.dtype !== type.dtype || root.length !== length) {
        throw fail("a storage that has two types or lengths");
      }
      roots.set(key, root);
      if (view === null) return root;
      const [, offset, viewLength] = Array.isArray(view) ? view : [];
      if (
        !isCount(offset) || !isCount(viewLength) ||
        offset + viewLength > length
      ) {
        throw fail("a view that does not fit its storage");
      }
      return new Storage(key, type.dtype, viewLength, offset);
    },
  };
}
