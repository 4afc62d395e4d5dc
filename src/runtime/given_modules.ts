/**
 * Compiled modules that a program passes.
 *
 * @module
 */

/** One of the three WebAssembly builds of `@tensorflow/tfjs-backend-wasm`. */
export type Build = "threaded-simd" | "simd" | "plain";

/**
 * Layertap's kernels, compiled, by their files in `src/runtime/wasm`: `relaxed.wasm` and
 * `plain.wasm`, and for the build with threads `relaxed_shared.wasm` and `plain_shared.wasm`.
 * Relaxed SIMD is faster, and newer.
 */
export type KernelModules = Readonly<
  Partial<
    Record<`${"relaxed" | "plain"}${"" | "Shared"}`, WebAssembly.Module>
  >
>;

/** Compiled modules. */
export interface BackendModules
  extends Readonly<Partial<Record<Build, WebAssembly.Module>>> {
  /** Layertap's kernels. */
  readonly kernels?: KernelModules;
}
