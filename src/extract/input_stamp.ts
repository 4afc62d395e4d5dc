import { kindOfPath } from "../runtime/folders.ts";
import { openByteSource } from "../runtime/open_source.ts";
import { createSha256 } from "../runtime/sha256.ts";

/** Bytes at each end of a file that its stamp covers. */
const endBytes = 2 ** 16;

/**
 * A hash of the length and of both ends of a picture's file, which tells it from a later one; all of
 * it would take a resumed run as long to read as the pictures did.
 *
 * @param path The file's, or `x.npy[3]` for a picture of a batch.
 * @returns Undefined if it isn't a file that can be read.
 */
export async function stampOf(path: string): Promise<string | undefined> {
  const file = await kindOfPath(path) ? path : path.replace(/\[\d+\]$/, "");
  if (await kindOfPath(file) !== "file") return undefined;
  try {
    const source = await openByteSource(file);
    try {
      const { size } = source;
      const hash = await createSha256();
      hash.update(new TextEncoder().encode(`${size} `));
      const length = Math.min(size, endBytes);
      hash.update(await source.read(0, length));
      const rest = Math.min(size - length, endBytes);
      hash.update(await source.read(size - rest, rest));
      return hash.digest().slice(0, 16);
    } finally {
      source.close();
    }
  } catch {
    return undefined;
  }
}
