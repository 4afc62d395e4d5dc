/** This package's build of libjpeg-turbo, compiled; rejects if it isn't built. */
export function jpegSimd(): Promise<WebAssembly.Module>;
/** The decoder of `@cwasm/jpeg-turbo`, compiled. */
export function jpeg(): Promise<WebAssembly.Module>;
/** The decoder and encoder of `@jsquash/png`, compiled. */
export function png(): Promise<WebAssembly.Module>;
/** The decoder of `@jsquash/webp`, compiled. */
export function webp(): Promise<WebAssembly.Module>;
/** The kernels of PIL's resize, compiled. */
export function resize(): Promise<WebAssembly.Module>;
