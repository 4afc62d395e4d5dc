// @ts-self-types="./tfjs.d.ts"
// deno-lint-ignore-file no-import-prefix
// Source-phase imports give compiled modules with no permission, from npm, a file or HTTP alike.
// TypeScript doesn't parse them yet, hence a JavaScript file; the specifiers stand in full because
// an import map doesn't reach a module that is imported over HTTP.

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
