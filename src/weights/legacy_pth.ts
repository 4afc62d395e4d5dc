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
import { CutShortError, type PickleWorld } from "./pickle_machine.ts";
import {
  COUNT_BYTES,
  type RawStorage,
  rawStorageReader,
} from "./raw_storages.ts";
import { ForeignStorage } from "./storage_types.ts";
import {
  type FileTensor,
  Storage,
  UnreadTensor,
  viewsCheckpoint,
} from "./tensor_view.ts";
import { tensorsIn } from "./tensors_in.ts";
import { storageOf, torchGlobals } from "./torch_globals.ts";

/** The pickled magic number, without the protocol before it. */
const MAGIC = "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/** Whether a file has this format, from its first bytes as Latin-1. */
export function isLegacyPth(head: string): boolean {
  // It follows the protocol, from protocol 4 on a frame's length too.
  return [2, 11].includes(head.indexOf(MAGIC));
}

/** Bytes that are read for the pickles at first; those of a state dict have under 1 MB. */
const FIRST_READ = 2 ** 22;

type AnyStorage = Storage | ForeignStorage;

/** What the pickles say. */
interface Pickled {
  readonly saved: unknown;
  readonly keys: unknown;
  /** The whole storages by key. */
  readonly roots: ReadonlyMap<unknown, AnyStorage>;
  /** Where the storages begin. */
  readonly end: number;
}

/**
 * Opens such a file. Tensors are read on demand; the lengths of the storages before one give its
 * place, where the number of elements is checked.
 *
 * @param source What the file is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged or has no tensors.
 */
export async function openLegacyPth(source: ByteSource): Promise<Checkpoint> {
  const fail = failReading(source.name);
  const { saved, keys, roots, end } = await readPickles(source);
  const { tensors, inModules } = tensorsIn(saved, fail);
  if (!Array.isArray(keys)) throw fail("expected a list of storage keys");
  const storages = new Map<string, RawStorage>();
  let at = end;
  for (const key of keys) {
    const root = roots.get(key);
    if (root === undefined) throw fail("unknown storage key");
    storages.set(root.key, { position: at, length: root.length });
    at += COUNT_BYTES + root.byteLength;
  }
  // Negated, since lengths can add up to NaN, as do those of unknown types.
  if (!(at <= source.size)) {
    throw fail(`its ${source.size} bytes end before its storages, at ${at}`);
  }
  return viewsCheckpoint(
    source,
    new Map([...tensors].map(([name, tensor]) => [name, placed(tensor)])),
    rawStorageReader(source, storages),
    inModules,
  );

  function placed(tensor: FileTensor): FileTensor {
    if (tensor instanceof UnreadTensor || tensor.storage.inline) return tensor;
    const { storage, shape } = tensor;
    return storages.has(storage.key)
      ? tensor
      : new UnreadTensor(shape, storage.dtype, "its storage is missing");
  }
}

/** Reads more of the file while the pickles go on. */
async function readPickles(source: ByteSource): Promise<Pickled> {
  for (let length = FIRST_READ;; length *= 4) {
    const head = await source.read(0, Math.min(source.size, length));
    try {
      return parsePickles(head, source.name);
    } catch (error) {
      const isWhole = head.length === source.size;
      if (isWhole || !(error instanceof CutShortError)) throw error;
    }
  }
}

function parsePickles(head: Uint8Array<ArrayBuffer>, name: string): Pickled {
  const roots = new Map<string, AnyStorage>();
  const world = worldOf(roots);
  let end = 0;
  const next = () => {
    const pickle = unpickle(head, name, world, end);
    end = pickle.end;
    return pickle.value;
  };
  next(); // The magic number.
  const version = next();
  if (version !== 1001) {
    throw failReading(name)(expected("", "protocol version 1001", version));
  }
  next(); // The machine's byte order and integer sizes, which storages don't depend on.
  const saved = next();
  return { saved, keys: next(), roots, end };
}

/**
 * What the pickles may refer to. A persistent id is `("storage", type, key, location, length,
 * view)`, a view `(view key, offset, length)` or None.
 *
 * @param roots Receives the whole storages.
 */
function worldOf(roots: Map<string, AnyStorage>): PickleWorld {
  return {
    globals: torchGlobals,
    persistent(id, fail) {
      const named = storageOf(id, fail);
      if (!(named instanceof Storage || named instanceof ForeignStorage)) {
        return named;
      }
      const { key, dtype } = named;
      const root = roots.get(key) ?? named;
      if (root.dtype !== dtype || root.length !== named.length) {
        throw fail(`storage "${key}" has two types or lengths`);
      }
      roots.set(key, root);
      const [, , , , , view] = id as unknown[];
      if (view === null || named instanceof ForeignStorage) return root;
      const [, offset, length] = Array.isArray(view) ? view : [];
      if (
        !isCount(offset) || !isCount(length) || offset + length > root.length
      ) {
        throw fail(`a view exceeds storage "${key}"`);
      }
      return new Storage(key, named.dtype, length, offset);
    },
  };
}
