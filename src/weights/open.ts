/**
 * Opens a file of weights, told apart by its content.
 *
 * @module
 */

import type { ByteSource } from "../formats/byte_source.ts";
import { openZip } from "../formats/zip.ts";
import { type FileSource, openByteSource } from "../formats/open_source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openPacked } from "./packed.ts";
import { openPth, PICKLE_ENTRY } from "./pth.ts";

/**
 * Opens a checkpoint: a zip-format `.pth`, packed weights, or an `.npz` of a state dict. What it
 * is, is seen from its first bytes, never from its name.
 *
 * @throws {SyntaxError} If it is none of these; the message says what it looks like.
 * @throws {Error} If it cannot be opened or fetched.
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
  [
    "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19",
    "a .pth in the format before PyTorch 1.6, which is not read yet: load it there and torch.save it again",
  ],
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
      `cannot read "${source.name}" as weights: ${what}; a zip-format .pth, packed weights or an .npz is wanted`,
    );
  if (source.size === 0) throw fail("it is empty");
  const head = await source.read(0, Math.min(512, source.size));
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");

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
  if (text.startsWith("ustar", 257)) {
    throw fail(
      "it is a tar archive, as the first PyTorch wrote them, which is not read yet: load it there and torch.save it again",
    );
  }
  if (isSafetensors(head, source.size)) {
    throw fail("it is a safetensors file, which is not read yet");
  }
  const other = OTHERS.find(([start]) => text.trimStart().startsWith(start));
  if (other !== undefined) throw fail(`it is ${other[1]}`);
  const bytes = [...head.subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, "0"));
  throw fail(`it starts with ${bytes.join(" ")}`);
}

/** A JSON header with its length in front, as a little-endian 64-bit number. */
function isSafetensors(head: Uint8Array<ArrayBuffer>, size: number): boolean {
  if (head.length < 9 || head[8] !== 0x7b) return false;
  const length = new DataView(head.buffer).getBigUint64(0, true);
  return length <= size - 8;
}
