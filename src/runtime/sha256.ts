import { builtin } from "./builtin.ts";

/** A SHA-256 that takes its bytes piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The hash in hex. Call it once. */
  digest(): string;
}

/** Starts a SHA-256: the runtime's own, six times as fast, where there is one. */
export async function createSha256(): Promise<Sha256> {
  const crypto = builtin("node:crypto");
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
