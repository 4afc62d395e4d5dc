import type { ByteSource } from "../runtime/byte_source.ts";

const PIECE = 2 ** 20;

/** A SHA-256 in the making. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The hash in hex. Once. */
  digest(): string;
}

/** Starts a SHA-256: the runtime's own, which is six times as fast, where there is one. */
export async function createSha256(): Promise<Sha256> {
  const crypto = await import("node:crypto").catch(() => undefined);
  if (crypto === undefined) {
    const { createSHA256 } = await import("hash-wasm");
    return await createSHA256();
  }
  const hash = crypto.createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest("hex"),
  };
}

/** The SHA-256 of a source in hex, read a piece at a time. */
export async function sha256(source: ByteSource): Promise<string> {
  const hash = await createSha256();
  for (let at = 0; at < source.size; at += PIECE) {
    hash.update(await source.read(at, Math.min(PIECE, source.size - at)));
  }
  return hash.digest();
}
