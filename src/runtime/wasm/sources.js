// deno-lint-ignore-file no-import-prefix
// Every `.wasm` file, as a source-phase import: a compiled module without permissions, from npm,
// files and HTTP alike. This is JavaScript since TypeScript can't parse them yet. The specifiers are
// complete since an import map doesn't apply to a package that is imported over HTTP.
//
// `deno task build:bytes`, the npm package and bundles read this list, too.

export const tfjsThreadedSimd = () =>
  import.source(
    "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.wasm"
  );

export const tfjsSimd = () =>
  import.source(
    "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-simd.wasm"
  );

export const tfjsPlain = () =>
  import.source(
    "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm.wasm"
  );

export const kernelsRelaxed = () => import.source("./relaxed.wasm");

export const kernelsRelaxedShared = () =>
  import.source("./relaxed_shared.wasm");

export const kernelsPlain = () => import.source("./plain.wasm");

export const kernelsPlainShared = () => import.source("./plain_shared.wasm");

// Made by `deno task build:jpeg`; a clone may lack it.
export const jpegSimd = () => import.source("./jpeg.wasm");

export const jpeg = () =>
  import.source("npm:@cwasm/jpeg-turbo@0.1.3/jpeg-turbo.wasm");

export const png = () =>
  import.source("npm:@jsquash/png@3.1.1/codec/pkg/squoosh_png_bg.wasm");

export const webp = () =>
  import.source("npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.wasm");

export const resize = () => import.source("./resize.wasm");
