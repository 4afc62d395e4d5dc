/** Compiles the kernels with relaxed SIMD, for a memory of one thread. */
export function relaxed(): Promise<WebAssembly.Module>;
/** Compiles the kernels with relaxed SIMD, for a shared memory. */
export function relaxedShared(): Promise<WebAssembly.Module>;
/** Compiles the kernels with SIMD128, for a memory of one thread. */
export function plain(): Promise<WebAssembly.Module>;
/** Compiles the kernels with SIMD128, for a shared memory. */
export function plainShared(): Promise<WebAssembly.Module>;
