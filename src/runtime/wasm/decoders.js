// @ts-self-types="./decoders.d.ts"
// deno-lint-ignore-file no-import-prefix
// Source-phase imports give compiled modules with no permission, from npm, a file or HTTP alike.
// TypeScript doesn't parse them yet, nor do all runtimes: hence a JavaScript file, imported where
// nobody handed the modules over.

export const jpeg = () =>
  import.source("npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.wasm");

export const png = () =>
  import.source("npm:@jsquash/png@3.1.1/codec/pkg/squoosh_png_bg.wasm");

export const webp = () =>
  import.source("npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.wasm");

export const resize = () => import.source("./resize.wasm");
