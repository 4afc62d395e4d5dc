// @ts-self-types="./decoders.d.ts"
// deno-lint-ignore-file no-import-prefix
// As in tfjs.js. Only imported if the caller provides no modules, since not all runtimes parse it.

// Made by `deno task build:jpeg`; a clone may lack it.
export const jpegSimd = () => import.source("./jpeg.wasm");

export const jpeg = () =>
  import.source("npm:@cwasm/jpeg-turbo@0.1.3/jpeg-turbo.wasm");

export const png = () =>
  import.source("npm:@jsquash/png@3.1.1/codec/pkg/squoosh_png_bg.wasm");

export const webp = () =>
  import.source("npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.wasm");

export const resize = () => import.source("./resize.wasm");
