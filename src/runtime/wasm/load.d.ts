/** A WebAssembly module of this package. */
export type WasmName =
  /** tfjs's builds: with SIMD and threads, with SIMD, and for any runtime. */
  | `tfjs${"ThreadedSimd" | "Simd" | "Plain"}`
  /** Our kernels, with relaxed or plain SIMD, for a memory of one thread or a shared one. */
  | `kernels${"Relaxed" | "Plain"}${"" | "Shared"}`
  /** This package's build of libjpeg-turbo; a clone may lack it. */
  | "jpegSimd"
  /** The decoders of `@cwasm/jpeg-turbo`, `@jsquash/png` (also the encoder) and `@jsquash/webp`. */
  | "jpeg"
  | "png"
  | "webp"
  /** The kernels of PIL's resize. */
  | "resize";

/**
 * A compiled module.
 *
 * @throws {Error} If it isn't built, or can't be read.
 */
export function load(name: WasmName): Promise<WebAssembly.Module>;
