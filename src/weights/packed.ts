/**
 * Packed weights: an `.npz` with one `.npy` for each tensor of a state dict, under its name.
 *
 * The first entry, `metadata.json`, says what the file is and lists the tensors, which follow in
 * the order of the state dict, that of the forward pass. An int8 tensor is followed by its scales,
 * `<name>.scale.npy`; no state dict has a tensor of that name, since no module can have both a
 * parameter `weight` and a child `weight`. NumPy opens the file. An `.npz` of a state dict that
 * NumPy wrote opens too, without metadata.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { type Fail, failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { toFloat32 } from "../formats/elements.ts";
import { decodeNpy, parseNpyHeader } from "../formats/npy.ts";
import type { ZipArchive } from "../formats/zip.ts";
import {
  type Checkpoint,
  requireTensor,
  type StoredTensor,
} from "./checkpoint.ts";
import {
  MAX_METADATA,
  METADATA_ENTRY,
  type PackedMetadata,
  parseMetadata,
} from "./metadata.ts";
import {
  entriesOf,
  HEADER_BYTES,
  mostBytes,
  readTensor,
  toFloats,
  valuesEntry,
} from "./packed_tensor.ts";

/**
 * Opens packed weights, or a plain `.npz`. Tensors are unpacked on demand.
 *
 * @param source What the archive is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged, or metadata and tensors disagree.
 */
export async function openPacked(
  source: ByteSource,
  archive: ZipArchive,
): Promise<Checkpoint> {
  const fail = failReading(source.name);
  const metadata = await readMetadata(source, archive, fail);
  const tensors = metadata === undefined
    ? await readHeaders(source, archive)
    : new Map(Object.entries(metadata.tensors));
  /** Without metadata, int8 tensors have no scales. */
  const entries = (name: string, info: StoredTensor) =>
    metadata === undefined ? [valuesEntry(name)] : entriesOf(name, info);
  for (const [name, info] of tensors) {
    for (const entry of entries(name, info)) {
      if (!archive.entries.has(entry)) throw fail(`it has no entry "${entry}"`);
    }
  }

  const readRows = async (name: string) =>
    await readTensor(
      source.name,
      name,
      requireTensor(source.name, tensors, name),
      (entry, limit) => archive.read(entry, limit),
    );

  return {
    source: source.name,
    tensors,
    metadata,
    expect(names) {
      source.expect?.(
        names.flatMap((name) => entries(name, tensors.get(name)!))
          .map((entry) => archive.rangeOf(entry)),
      );
    },
    async read(name) {
      if (metadata !== undefined) return await toFloats(await readRows(name));
      const { shape } = requireTensor(source.name, tensors, name);
      const entry = valuesEntry(name);
      const bytes = await archive.read(entry, mostBytes(shape));
      return toFloat32(decodeNpy(bytes, `${source.name}: ${entry}`).data);
    },
    ...metadata && { readRows },
    close: () => source.close(),
  };
}

async function readMetadata(
  source: ByteSource,
  archive: ZipArchive,
  fail: Fail,
): Promise<PackedMetadata | undefined> {
  const entry = archive.entries.get(METADATA_ENTRY);
  if (entry === undefined) return undefined;
  if (entry.size > MAX_METADATA) {
    const most = `at most ${MAX_METADATA} bytes`;
    throw fail(expected(METADATA_ENTRY, most, entry.size));
  }
  return parseMetadata(await archive.read(METADATA_ENTRY), source.name);
}

/** Shapes and types of a plain `.npz`, from the first bytes of each array. */
async function readHeaders(
  source: ByteSource,
  archive: ZipArchive,
): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for (const entry of archive.entries.keys()) {
    if (!entry.endsWith(".npy")) continue;
    const { dtype, shape } = parseNpyHeader(
      await archive.readStart(entry, HEADER_BYTES),
      `${source.name}: ${entry}`,
    );
    tensors.set(entry.slice(0, -".npy".length), { dtype, shape });
  }
  return tensors;
}
