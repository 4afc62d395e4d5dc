import { requireBuiltin } from "../runtime/builtin.ts";
import { isGranted } from "../runtime/environment.ts";
import { createSha256 } from "../runtime/sha256.ts";

/** Bytes at each end of a file that its stamp covers. */
const endBytes = 2 ** 14;

/**
 * A hash of the length and of both ends of a picture's file, which tells it from a later one; all of
 * it would take a resumed run as long to read as the pictures did.
 *
 * @param path The file's, or `x.npy[3]` for a picture of a batch.
 * @returns Undefined if it isn't a file that can be read.
 */
export async function stampOf(path: string): Promise<string | undefined> {
  return await stampOfFile(path) ??
    (/\[\d+\]$/.test(path)
      ? await stampOfFile(path.replace(/\[\d+\]$/, ""))
      : undefined);
}

async function stampOfFile(path: string): Promise<string | undefined> {
  if (!isGranted({ name: "read", path })) return undefined;
  const { open, stat } = requireBuiltin("node:fs/promises");
  try {
    // Opening a pipe that nobody writes to would wait for ever.
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    const { size } = found;
    const first = Math.min(size, endBytes);
    const last = Math.min(size - first, endBytes);
    const ends = new Uint8Array(first + last);
    const file = await open(path);
    try {
      await file.read(ends, 0, first, 0);
      if (last > 0) await file.read(ends, first, last, size - last);
    } finally {
      await file.close();
    }
    const hash = await createSha256();
    hash.update(new TextEncoder().encode(`${size} `));
    hash.update(ends);
    return hash.digest().slice(0, 16);
  } catch {
    return undefined;
  }
}
