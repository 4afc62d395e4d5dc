/**
 * Packed weights: an `.npz` with one `.npy` for each tensor of a state dict, under its name.
 *
 * The first entry, `metadata.json`, says what the file is and lists the tensors; they follow in
 * the order of the state dict, which is that of the forward pass. An int8 tensor is followed by
 * its scales, `<name>.scale.npy`: no module can have both a parameter `weight` and a child of
 * that name, so no state dict has such a name beside it. NumPy opens the file, and an `.npz`
 * that NumPy wrote of a state dict is read as well, without the metadata.
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import { toFloat32 } from "../formats/elements.ts";
import { decodeNpy, parseNpyHeader } from "../formats/npy.ts";
import type { ZipArchive } from "../formats/zip.ts";
import type { Checkpoint, StoredTensor } from "./checkpoint.ts";
import {
  MAX_METADATA,
  METADATA_ENTRY,
  type PackedMetadata,
  parseMetadata,
} from "./metadata.ts";
import {
  entriesOf,
  HEADER_BYTES,
  readTensor,
  toFloats,
  valuesEntry,
} from "./packed_tensor.ts";

/**
 * Opens packed weights, or a plain `.npz`. A tensor is unpacked when it is asked for.
 *
 * @param source Where the archive is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is damaged, or the metadata and the tensors do not agree.
 */
export async function openPacked(
  source: ByteSource,
  archive: ZipArchive,
): Promise<Checkpoint> {
  const fail = (why: string) =>
    new SyntaxError(`cannot read "${source.name}": ${why}`);
  const metadata = await readMetadata(source, archive, fail);
  const tensors = metadata === undefined
    ? await readHeaders(source, archive)
    : new Map(Object.entries(metadata.tensors));
  /** Without metadata int8 is a type like others, and has no scales. */
  const entries = (name: string, info: StoredTensor) =>
    metadata === undefined ? [valuesEntry(name)] : entriesOf(name, info);
  for (const [name, info] of tensors) {
    for (const entry of entries(name, info)) {
      if (!archive.entries.has(entry)) throw fail(`it has no entry "${entry}"`);
    }
  }

  const infoOf = (name: string): StoredTensor => {
    const info = tensors.get(name);
    if (info !== undefined) return info;
    throw new RangeError(`"${source.name}" has no tensor "${name}"`);
  };
  const readRows = async (name: string) =>
    await readTensor(
      source.name,
      name,
      infoOf(name),
      (entry) => archive.read(entry),
    );

  return {
    source: source.name,
    tensors,
    metadata,
    expect(names) {
      const wanted = names.flatMap((name) => entries(name, tensors.get(name)!));
      source.expect?.(wanted.map((entry) => archive.rangeOf(entry)));
    },
    async read(name) {
      if (metadata !== undefined) return await toFloats(await readRows(name));
      infoOf(name);
      const entry = valuesEntry(name);
      const bytes = await archive.read(entry);
      return toFloat32(decodeNpy(bytes, `${source.name}: ${entry}`).data);
    },
    ...metadata && { readRows },
    close: () => source.close(),
  };
}

async function readMetadata(
  source: ByteSource,
  archive: ZipArchive,
  fail: (why: string) => SyntaxError,
): Promise<PackedMetadata | undefined> {
  const entry = archive.entries.get(METADATA_ENTRY);
  if (entry === undefined) return undefined;
  if (entry.size > MAX_METADATA) {
    throw fail(
      `${METADATA_ENTRY} of ${entry.size} bytes, at most ${MAX_METADATA}`,
    );
  }
  return parseMetadata(
    new TextDecoder().decode(await archive.read(METADATA_ENTRY)),
    `${source.name}: ${METADATA_ENTRY}`,
  );
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
