// @ts-self-types="./tfjs.d.ts"
// deno-lint-ignore-file no-import-prefix
// Source-phase imports give compiled modules without permissions, from npm, files and HTTP alike.
// This is JavaScript since TypeScript can't parse them yet. The specifiers are complete since an
// import map doesn't apply to a package that is imported over HTTP.

export const threadedSimd = () =>
  import.source(
    "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.wasm"
  );

export const simd = () =>
  import.source(
    "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-simd.wasm"
  );

export const plain = () =>
  import.source(
    "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm.wasm"
  );
