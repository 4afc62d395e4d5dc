/**
 * What `node:zlib` does at once and in native code, where the runtime has it.
 *
 * @module
 */

/** The part of it that is used here. */
export interface NodeZlib {
  inflateRawSync(
    bytes: Uint8Array,
    options: { chunkSize: number; maxOutputLength: number },
  ): Uint8Array<ArrayBuffer>;
  /** Younger than Node 20. */
  crc32?(bytes: Uint8Array): number;
}

/** `node:zlib`, or undefined in a browser and in `workerd`, whose imitation ends at some lengths. */
export function nodeZlib(): NodeZlib | undefined {
  if (globalThis.navigator?.userAgent === "Cloudflare-Workers") return;
  // A static import of a `node:` module would break the browser.
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): unknown };
  };
  return process?.getBuiltinModule?.("node:zlib") as NodeZlib | undefined;
}
