/**
 * The `.pth` of PyTorch before 0.1.10, such as torchvision's resnets of 2016: a tar archive of the
 * pickled object (`pickle`), the tensors' shapes (`tensors`) and the `storages`.
 *
 * Source: PyTorch 1.13, `legacy_load` in `torch/serialization.py`; PyTorch 0.1.7, `_save`.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { type DType, isCount } from "../formats/elements.ts";
import { readTar, type TarEntry } from "../formats/tar.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { unpickle } from "./pickle.ts";
import type { PickleWorld } from "./pickle_machine.ts";
import { Global } from "./pickle_values.ts";
import {
  COUNT_BYTES,
  type RawStorage,
  rawStorageReader,
  readCount,
} from "./raw_storages.ts";
import { storageTypeOf } from "./storage_types.ts";
import {
  type FileTensor,
  Storage,
  TensorView,
  viewsCheckpoint,
} from "./tensor_view.ts";
import { tensorsIn } from "./tensors_in.ts";
import { torchGlobals } from "./torch_globals.ts";

/** Longer than any pickled storage key, location and type. */
const STORAGE_PICKLE = 512;

/** The pickles besides the object's: plain values and types. */
const world: PickleWorld = {
  globals: new Map(),
  persistent(_id, fail) {
    throw fail("unexpected persistent id");
  },
};

/** Networks have some thousand at most. */
const MAX_STORAGES = 65_536;

/** Longest pickles of views or tensors to read, as those of a whole network with its optimizer. */
const MAX_PICKLE = 2 ** 22;

/** The type of `torch.FloatStorage`, `torch.FloatTensor` or `torch.cuda.FloatTensor`. */
function dtypeOf(type: unknown): DType | undefined {
  if (!(type instanceof Global)) return undefined;
  const known = storageTypeOf(type.path.replace(/Tensor$/, "Storage"));
  return known.isRead ? known.dtype : undefined;
}

/**
 * Opens such a file. Tensors are read on demand.
 *
 * @param source What the file is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged or has no tensors.
 */
export async function openTarPth(source: ByteSource): Promise<Checkpoint> {
  const fail = failReading(source.name);
  const entries = await readTar(source);
  const entry = (name: string) => {
    const found = entries.get(name);
    if (found === undefined) throw fail(`it has no entry "${name}"`);
    return found;
  };
  const readWhole = (name: string) => {
    const { offset, size } = entry(name);
    return source.read(offset, size);
  };

  const { places, storages } = await readStorages(source, entry("storages"));
  const tensors = readTensors(
    await readWhole("tensors"),
    `${source.name}: tensors`,
    storages,
  );
  const saved = unpickle(
    await readWhole("pickle"),
    `${source.name}: pickle`,
    {
      globals: torchGlobals,
      persistent(id, fail) {
        const key = typeof id === "string" ? Number(id) : undefined;
        const found = tensors.get(key) ?? storages.get(key);
        if (found !== undefined) return found;
        throw fail("a persistent id names no tensor");
      },
    },
  );
  const found = tensorsIn(saved.value, fail);
  return viewsCheckpoint(
    source,
    found.tensors,
    rawStorageReader(source, places),
    found.inModules,
  );
}

/**
 * The storages by key, and their places. The entry has their number; each storage after its pickled
 * key, location and type; then the pickled views, `(key, root key, offset, length)`.
 */
async function readStorages(
  source: ByteSource,
  { offset, size }: TarEntry,
): Promise<{
  places: Map<string, RawStorage>;
  storages: Map<unknown, Storage>;
}> {
  const places = new Map<string, RawStorage>();
  const storages = new Map<unknown, Storage>();
  const end = offset + size;
  let at = offset;
  const fail = (why: string) => failReading(source.name)(`${why} (byte ${at})`);
  const next = async (longest: number) => {
    const bytes = await source.read(at, Math.min(longest, end - at));
    const name = `${source.name}: storages from byte ${at} on`;
    const pickle = unpickle(bytes, name, world);
    at += pickle.end;
    return pickle.value;
  };

  const count = await next(STORAGE_PICKLE);
  if (!isCount(count)) throw fail("expected the number of storages");
  if (count > MAX_STORAGES) {
    throw fail(expected("", `at most ${MAX_STORAGES} storages`, count));
  }
  for (let i = 0; i < count; i++) {
    const described = await next(STORAGE_PICKLE);
    const [id, , type] = Array.isArray(described) ? described : [];
    const dtype = dtypeOf(type);
    if (!isCount(id) || dtype === undefined) throw fail("expected a storage");
    const length = await readCount(source, at);
    const storage = new Storage(String(id), dtype, length);
    // Negated, to reject NaN too.
    if (!(length >= 0 && storage.byteLength <= end - at - COUNT_BYTES)) {
      throw fail(`a storage of ${length} elements is cut short`);
    }
    places.set(storage.key, { position: at, length });
    storages.set(id, storage);
    at += COUNT_BYTES + storage.byteLength;
  }

  const views = await next(MAX_PICKLE);
  if (!Array.isArray(views)) throw fail("expected a list of storage views");
  for (const view of views) {
    const [id, rootId, start, length] = Array.isArray(view) ? view : [];
    const root = storages.get(rootId);
    if (
      !isCount(id) || root === undefined || !isCount(start) ||
      !isCount(length) || start + length > root.length
    ) {
      throw fail("a view exceeds its storage");
    }
    storages.set(
      id,
      new Storage(root.key, root.dtype, length, root.start + start),
    );
  }
  return { places, storages };
}

/**
 * The tensors by key. The entry has their number, then for each the pickled key, storage key and
 * type, the number of dimensions, and as int64 the dimensions, the strides and the offset.
 */
function readTensors(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  storages: ReadonlyMap<unknown, Storage>,
): Map<unknown, FileTensor> {
  const tensors = new Map<unknown, FileTensor>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const fail = (why: string) => failReading(name)(`${why} (byte ${at})`);
  const next = () => {
    const { value, end } = unpickle(bytes, name, world, at);
    at = end;
    return value;
  };
  const take = (length: number) => {
    if (at + length > bytes.length) throw fail("it is cut short");
    at += length;
    return at - length;
  };
  const int32 = () => view.getUint32(take(4), true);
  const int64 = () => {
    const value = Number(view.getBigInt64(take(8), true));
    if (!isCount(value)) throw fail(`invalid size or stride ${value}`);
    return value;
  };

  const count = next();
  if (!isCount(count)) throw fail("expected the number of tensors");
  for (let i = 0; i < count; i++) {
    const described = next();
    const [id, storageId] = Array.isArray(described) ? described : [];
    const storage = storages.get(storageId);
    if (!isCount(id) || storage === undefined) throw fail("expected a tensor");
    const dimensions = int32();
    take(4); // The upper half of 8 bytes, never initialised.
    if (dimensions > 64) {
      throw fail(expected("", "at most 64 dimensions", dimensions));
    }
    const shape = Array.from({ length: dimensions }, int64);
    const strides = Array.from({ length: dimensions }, int64);
    tensors.set(id, TensorView.within(storage, int64(), shape, strides));
  }
  return tensors;
}
