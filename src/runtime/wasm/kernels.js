// @ts-self-types="./kernels.d.ts"
// As in tfjs.js.

export const relaxed = () => import.source("./relaxed.wasm");

export const relaxedShared = () => import.source("./relaxed_shared.wasm");

export const plain = () => import.source("./plain.wasm");

export const plainShared = () => import.source("./plain_shared.wasm");
