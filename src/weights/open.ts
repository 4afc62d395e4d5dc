/**
 * Opens a file of weights, told apart by its content.
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import { type FileSource, openByteSource } from "../runtime/open_source.ts";
import { isTar } from "../formats/tar.ts";
import { openZip } from "../formats/zip.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { isLegacyPth, openLegacyPth } from "./legacy_pth.ts";
import { openPacked } from "./packed.ts";
import { openPackedAhead } from "./packed_ahead.ts";
import { isPackedStart } from "./packed_stream.ts";
import { openPth, PICKLE_ENTRY } from "./pth.ts";
import { isSafetensors, openSafetensors } from "./safetensors.ts";
import { openTarPth } from "./tar_pth.ts";

/**
 * Opens a checkpoint: a `.pth` of any generation, `.safetensors`, packed weights, or an `.npz` of
 * a state dict. What it is, is seen from its content, never from its name.
 *
 * A `.pth` holds a pickle, which is a program. None is run: opcodes and globals outside of what a
 * state dict needs are refused by name. A state dict is found at the top or under `state_dict`,
 * `model` or `model_state_dict`; what stands beside it is passed over.
 *
 * @param source A path, a URL or bytes.
 * @returns The tensors under the names that they have in the file, to be read one by one. The
 *   file stays open until `close` is called.
 * @throws {SyntaxError} If it is none of these, or is damaged; the message names the place.
 * @throws {Error} If it cannot be opened or fetched.
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
export async function openCheckpoint(source: FileSource): Promise<Checkpoint> {
  const bytes = await openByteSource(source);
  try {
    return await openCheckpointAt(bytes);
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/** How the formats begin that are no checkpoints, or none that is read. */
const OTHERS: readonly (readonly [start: string, what: string])[] = [
  ["\x80", "a pickle that torch.save did not write"],
  ["\x89PNG", "a PNG picture"],
  ["\xff\xd8\xff", "a JPEG picture"],
  ["\x1f\x8b", "a gzip archive"],
  ["\x89HDF", "an HDF5 file"],
  [
    "version https://git-lfs",
    "a Git LFS pointer, not the file that it points to",
  ],
  ["<", "an HTML or XML page"],
];

/** The same for a source that is open; the checkpoint closes it, an error leaves it open. */
export async function openCheckpointAt(
  source: ByteSource,
): Promise<Checkpoint> {
  const fail = (what: string) =>
    new SyntaxError(
      `cannot read "${source.name}" as weights: ${what}; a .pth, .safetensors, packed weights or an .npz is wanted`,
    );
  if (source.size === 0) throw fail("it is empty");
  const head = await source.read(0, Math.min(512, source.size));
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");

  // Who wants to know what will be read has it from the directory.
  if (source.expect === undefined && isPackedStart(head)) {
    return await openPackedAhead(source);
  }
  if (text.startsWith("PK")) {
    const archive = await openZip(source);
    const names = [...archive.entries.keys()];
    if (names.some((name) => PICKLE_ENTRY.test(name))) {
      return await openPth(source, archive);
    }
    if (names.some((name) => name.endsWith(".npy"))) {
      return await openPacked(source, archive);
    }
    throw fail(`it is a zip archive of ${JSON.stringify(names.slice(0, 5))}`);
  }
  if (isLegacyPth(text)) return await openLegacyPth(source);
  if (isTar(text)) return await openTarPth(source);
  if (isSafetensors(text)) return await openSafetensors(source);
  const other = OTHERS.find(([start]) => text.trimStart().startsWith(start));
  if (other !== undefined) throw fail(`it is ${other[1]}`);
  const bytes = [...head.subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, "0"));
  throw fail(`it starts with ${bytes.join(" ")}`);
}
