/** x
 * @module */
export const threaded = async (): Promise<WebAssembly.Module> => (await import("./src/backend/wasm_modules.js")).threadedSimd();
