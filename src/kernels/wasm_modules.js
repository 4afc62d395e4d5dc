// @ts-self-types="./wasm_modules.d.ts"
// As in ../backend/wasm_modules.js: source-phase imports need no permission and no fetch.

export const relaxed = () => import.source("./wasm/relaxed.wasm");

export const relaxedShared = () => import.source("./wasm/relaxed_shared.wasm");

export const plain = () => import.source("./wasm/plain.wasm");

export const plainShared = () => import.source("./wasm/plain_shared.wasm");
