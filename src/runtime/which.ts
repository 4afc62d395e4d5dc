/**
 * Which runtime this is.
 *
 * This folder holds all that depends on where the code runs; the others say what they need and
 * don't ask. Where a capability can be looked for, the code looks for it and no runtime is named:
 *
 * - `thread.ts` starts threads, `atomics.ts` lets them wait,
 * - `builtin.ts` reaches the `node:` modules, where there are any,
 * - `environment.ts` reads variables and permissions,
 * - `core_count.ts` counts cores, `turn.ts` yields to the event loop,
 * - `open_source.ts` opens paths, URLs, blobs and bytes as one `byte_source.ts`,
 * - `inflate.ts`, `node_zlib.ts` and `sha256.ts` take the native code, where there is some,
 * - `hide.ts` keeps emscripten's glue code from looking for a runtime of its own,
 * - `wasm/` lists the WebAssembly modules and imports them as Deno does.
 *
 * A new runtime takes changes here and in the packaging: `scripts/npm/wasm_modules.ts` says how
 * each runtime loads the modules of `wasm/`, `scripts/bundle.ts` how a bundle does.
 *
 * @module
 */

/** Deno, whose permissions have to be asked for. */
export function isDeno(): boolean {
  return "Deno" in globalThis;
}

/** Cloudflare's `workerd`: its `node:` modules are imitations, and its timers end with a request. */
export function isWorkerd(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}

/** Whether other people's code takes this for Node. Deno and Bun look like it too. */
export function looksLikeNode(): boolean {
  const { process } = globalThis as {
    process?: { versions?: { node?: unknown } };
  };
  return typeof process?.versions?.node === "string";
}
