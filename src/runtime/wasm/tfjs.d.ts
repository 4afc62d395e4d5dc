/** Compiles the build with SIMD and threads. */
export function threadedSimd(): Promise<WebAssembly.Module>;
/** Compiles the build with SIMD, for one thread. */
export function simd(): Promise<WebAssembly.Module>;
/** Compiles the build that any WebAssembly runtime can start. */
export function plain(): Promise<WebAssembly.Module>;
