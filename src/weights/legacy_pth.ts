/**
 * The `.pth` of PyTorch 0.1.10 to 1.5. Five pickles: a magic number, the protocol version,
 * properties of the machine, the saved object, a list of storage keys; then the storages in its
 * order.
 *
 * Source: PyTorch 1.13, `_legacy_save` and `_legacy_load` in `torch/serialization.py`.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { isCount } from "../formats/elements.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { unpickle } from "./pickle.ts";
import { MAX_PICKLE, type PickleWorld } from "./pickle_machine.ts";
import {
  COUNT_BYTES,
  type RawStorage,
  rawStorageReader,
} from "./raw_storages.ts";
import { findStateDict } from "./state_dict.ts";
import { Storage, viewsCheckpoint } from "./tensor_view.ts";
import { storageOf, torchGlobals } from "./torch_globals.ts";

/** The pickled magic number, without the protocol before it. */
const MAGIC = "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/** Whether a file has this format, from its first bytes as Latin-1. */
export function isLegacyPth(head: string): boolean {
  // It follows the protocol, from protocol 4 on a frame's length too.
  return [2, 11].includes(head.indexOf(MAGIC));
}

/**
 * Opens such a file. Tensors are read on demand; the lengths of the storages before one give its
 * place, where the number of elements is checked.
 *
 * @param source What the file is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged, has no state dict, or has anything that a state dict may
 *   not have.
 */
export async function openLegacyPth(source: ByteSource): Promise<Checkpoint> {
  const fail = failReading(source.name);
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
  const version = next();
  if (version !== 1001) {
    throw fail(expected("", "protocol version 1001", version));
  }
  next(); // The machine's byte order and integer sizes, which storages don't depend on.
  const views = findStateDict(next(), fail);
  const keys = next();
  if (!Array.isArray(keys)) throw fail("expected a list of storage keys");
  const storages = new Map<string, RawStorage>();
  for (const key of keys) {
    const root = roots.get(key);
    if (root === undefined) throw fail("unknown storage key");
    storages.set(key, { position: at, length: root.length });
    at += COUNT_BYTES + root.byteLength;
  }
  // Negated, since a file's lengths can add up to NaN.
  if (!(at <= source.size)) {
    throw fail(`its ${source.size} bytes end before its storages, at ${at}`);
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
 * view)`, a view `(view key, offset, length)` or None.
 *
 * @param roots Receives the whole storages.
 */
function worldOf(roots: Map<string, Storage>): PickleWorld {
  return {
    globals: torchGlobals,
    persistent(id, fail) {
      const named = storageOf(id, fail), { key, dtype } = named;
      const root = roots.get(key) ?? named;
      if (root.dtype !== dtype || root.length !== named.length) {
        throw fail(`storage "${key}" has two types or lengths`);
      }
      roots.set(key, root);
      const [, , , , , view] = id as unknown[];
      if (view === null) return root;
      const [, offset, length] = Array.isArray(view) ? view : [];
      if (
        !isCount(offset) || !isCount(length) || offset + length > root.length
      ) {
        throw fail(`a view exceeds storage "${key}"`);
      }
      return new Storage(key, dtype, length, offset);
    },
  };
}
