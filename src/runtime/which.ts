/**
 * Which runtime this is.
 *
 * Everything that depends on where the code runs is in this folder; no other code asks. It looks for
 * capabilities rather than runtimes where it can:
 *
 * - `thread.ts` starts threads, `atomics.ts` lets them wait.
 * - `builtin.ts` finds the `node:` modules.
 * - `environment.ts` reads variables and permissions, and knows where caches belong.
 * - `core_count.ts` counts cores, `turn.ts` yields to the event loop, `release.ts` frees arrays.
 * - `open_source.ts` opens a path, a URL, a blob or bytes as a `byte_source.ts`.
 * - `inflate.ts`, `deflate.ts`, `node_zlib.ts` and `sha256.ts` prefer native code.
 * - `hide.ts` hides the runtime from emscripten's glue code.
 * - `wasm/` lists the WebAssembly modules and loads them; `beside.ts` reads a file of the package.
 *
 * To add a runtime, change what it does differently here, then the packaging: what replaces
 * `wasm/load.js` is in `scripts/npm/wasm_modules.ts`, and for bundles in `scripts/bundle.ts`.
 *
 * @module
 */

/** Whether this is Deno, which has permissions. */
export function isDeno(): boolean {
  return "Deno" in globalThis;
}

/** Whether this is Cloudflare's `workerd`: its `node:` modules are limited, and its timers end with a request. */
export function isWorkerd(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}
