import type { ByteSource } from "../runtime/byte_source.ts";
import { createSha256 } from "../runtime/sha256.ts";

const PIECE = 2 ** 20;

/** The SHA-256 of a source in hex; reads a piece at a time. */
export async function sha256(source: ByteSource): Promise<string> {
  const hash = await createSha256();
  for (let at = 0; at < source.size; at += PIECE) {
    hash.update(await source.read(at, Math.min(PIECE, source.size - at)));
  }
  return hash.digest();
}
