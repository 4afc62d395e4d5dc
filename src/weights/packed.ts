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

import type { ByteSource } from "../formats/byte_source.ts";
import { toFloat32 } from "../formats/elements.ts";
import { decodeNpy, type NpyArray, parseNpyHeader } from "../formats/npy.ts";
import type { ZipArchive } from "../formats/zip.ts";
import type { Checkpoint, TensorInfo } from "./checkpoint.ts";
import { type PackedMetadata, parseMetadata } from "./metadata.ts";
import { dequantizeInt8 } from "./quantize.ts";

/** The entry that describes a packed file. */
export const METADATA_ENTRY = "metadata.json";

/** Longest metadata that is read, in bytes: a resnet152's are 60 KB. */
const MAX_METADATA = 2 ** 20;

/** More than any `.npy` header of an array of few dimensions. */
const HEADER_BYTES = 512;

/** Name of the entry that holds a tensor's values. */
export function valuesEntry(name: string): string {
  return `${name}.npy`;
}

/** Name of the entry that holds the scales of an int8 tensor. */
export function scaleEntry(name: string): string {
  return `${name}.scale.npy`;
}

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
  const isQuantized = (info: TensorInfo) =>
    metadata !== undefined && info.dtype === "int8";
  for (const [name, info] of tensors) {
    const wanted = [valuesEntry(name)];
    if (isQuantized(info)) wanted.push(scaleEntry(name));
    for (const entry of wanted) {
      if (!archive.entries.has(entry)) throw fail(`it has no entry "${entry}"`);
    }
  }

  const readArray = async (
    entry: string,
    { dtype, shape }: TensorInfo,
  ): Promise<NpyArray> => {
    const array = decodeNpy(
      await archive.read(entry),
      `${source.name}: ${entry}`,
    );
    if (array.dtype !== dtype || String(array.shape) !== String(shape)) {
      throw fail(
        `entry "${entry}" is ${array.dtype} [${array.shape}], not ${dtype} [${shape}]`,
      );
    }
    return array;
  };

  return {
    source: source.name,
    tensors,
    metadata,
    async read(name) {
      const info = tensors.get(name);
      if (info === undefined) {
        throw new RangeError(`"${source.name}" has no tensor "${name}"`);
      }
      const { data } = await readArray(valuesEntry(name), info);
      if (!isQuantized(info)) return toFloat32(data);
      const scale = await readArray(scaleEntry(name), {
        dtype: "float32",
        shape: info.shape.slice(0, 1),
      });
      return dequantizeInt8({
        data: data as Int8Array<ArrayBuffer>,
        scale: scale.data as Float32Array<ArrayBuffer>,
      });
    },
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
): Promise<Map<string, TensorInfo>> {
  const tensors = new Map<string, TensorInfo>();
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
