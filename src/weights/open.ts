import type { ByteSource } from "../runtime/byte_source.ts";
import { type FileSource, openByteSource } from "../runtime/open_source.ts";
import { failReading } from "../errors/fail.ts";
import { isTar } from "../formats/tar.ts";
import { openZip } from "../formats/zip.ts";
import { hasZipEnd } from "../formats/zip_directory.ts";
import { otherArchive, otherFile } from "./other_files.ts";
import type { FetchOptions } from "./fetch/options.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { isLegacyPth, openLegacyPth } from "./legacy_pth.ts";
import { openPacked } from "./packed.ts";
import { openPackedAhead } from "./packed_ahead.ts";
import { isPackedStart } from "./packed_stream.ts";
import { openPth, PICKLE_ENTRY } from "./pth.ts";
import { isSafetensors, openSafetensors } from "./safetensors.ts";
import { openTarPth } from "./tar_pth.ts";

/** Options of {@linkcode openCheckpoint}. */
export type CheckpointOptions = Pick<
  FetchOptions,
  "fetch" | "signal" | "maxBytes" | "answerSeconds" | "bodySeconds"
>;

/**
 * Opens a checkpoint: a `.pth` of any generation, `.safetensors`, packed weights, or an `.npz` of
 * a state dict. Its content decides which, never its name.
 *
 * A `.pth` holds a pickle, which is a program. It is not run: nothing is imported or called, and
 * objects of unknown classes are inert. Tensors are found at any depth; dict keys, list indices and
 * attributes join with dots into their names.
 *
 * @param source A path, a URL or bytes.
 * @param options How a server's file is fetched, in one request and whole. `maxBytes` holds for any
 *   file: by default 4 GiB, 2 GiB from a server.
 * @returns The tensors by their paths in the file, read on demand. The file stays open until you call
 *   `close`.
 * @throws {SyntaxError} If it isn't a checkpoint, or is damaged; the message names the place.
 * @throws {Error} If it can't be opened or fetched.
 * @throws {RangeError} If it has more than `maxBytes`.
 *
 * @example Any tensor of a file of weights
 * ```ts
 * import { openCheckpoint } from "@layertap/resnet/weights";
 * import assert from "node:assert/strict";
 *
 * const checkpoint = await openCheckpoint("weights/mlnet_resnet18.npz");
 * assert.deepEqual(checkpoint.tensors.get("conv1.weight")?.shape, [64, 3, 7, 7]);
 * const filter = await checkpoint.read("conv1.weight");
 * assert.equal(filter.length, 64 * 3 * 7 * 7);
 * checkpoint.close();
 * ```
 */
export async function openCheckpoint(
  source: FileSource,
  options: CheckpointOptions = {},
): Promise<Checkpoint> {
  const { maxBytes = MAX_BYTES } = options;
  const opened = await openByteSource(source, options);
  const { name, size } = opened;
  if (size > maxBytes) {
    opened.close();
    throw new RangeError(
      `cannot open "${name}": it has ${size} bytes; maxBytes is ${maxBytes}`,
    );
  }
  return await openCheckpointIn(opened);
}

/** The most bytes of a file, unless told otherwise: 4 GiB. */
const MAX_BYTES = 2 ** 32;

/** Opens the checkpoint in a source, which is closed with it, or at once if that fails. */
export async function openCheckpointIn(
  source: ByteSource,
): Promise<Checkpoint> {
  try {
    return await openByContent(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

async function openByContent(source: ByteSource): Promise<Checkpoint> {
  const fail = (why: string) =>
    failReading(source.name)(
      `${why}; expected weights: a .pth, .safetensors or .npz file`,
    );
  if (source.size === 0) throw fail("it is empty");
  const head = await source.read(0, Math.min(512, source.size));
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");

  // A source that fetches ahead needs the directory, to know what will be read.
  if (source.expect === undefined && isPackedStart(head)) {
    return await openPackedAhead(source);
  }
  if (text.startsWith("PK")) return await openArchive(source);
  if (isLegacyPth(text)) return await openLegacyPth(source);
  if (isTar(text)) return await openTarPth(source);
  if (isSafetensors(text)) return await openSafetensors(source);
  // Bytes before an archive, such as a script that unpacks it.
  if (await hasZipEnd(source)) return await openArchive(source);
  const other = otherFile(head);
  if (other !== undefined) throw fail(`it is ${other}`);
  throw fail("it has an unknown format");
}

async function openArchive(source: ByteSource): Promise<Checkpoint> {
  const archive = await openZip(source);
  const names = [...archive.entries.keys()];
  if (names.some((name) => PICKLE_ENTRY.test(name))) {
    return await openPth(source, archive);
  }
  if (names.some((name) => name.endsWith(".npy"))) {
    return await openPacked(source, archive);
  }
  throw failReading(source.name)(otherArchive(names));
}
