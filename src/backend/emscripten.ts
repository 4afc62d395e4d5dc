/**
 * The two emscripten factories inside `@tensorflow/tfjs-backend-wasm`.
 *
 * @module
 */

import type { Allocator } from "../runtime/guard_malloc.ts";

/** The part of an emscripten module that `BackendWasm` uses, besides its cwraps. */
export interface WasmBackendModule extends Allocator {
  cwrap(name: string, result: string | null, args: string[]): unknown;
  tfjs?: Record<string, unknown>;
  PThread?: { unusedWorkers: unknown[] };
  /** Present in the threaded build; the others export the memory. */
  readonly wasmMemory?: WebAssembly.Memory;
  readonly asm?: { readonly memory: WebAssembly.Memory };
}

/** The `Module` overrides that a factory is given. */
export interface FactoryOptions {
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (
      instance: WebAssembly.Instance,
      module: WebAssembly.Module,
    ) => void,
  ): WebAssembly.Exports;
  locateFile(path: string): string;
  mainScriptUrlOrBlob?: string;
  wasmMemory?: WebAssembly.Memory;
}

/** An emscripten factory. */
export type Factory = (options: FactoryOptions) => Promise<WasmBackendModule>;

/**
 * Options that make a factory start a compiled module, without a fetch.
 *
 * @param threads The most threads of the C++ side.
 */
export function startCompiled(
  module: WebAssembly.Module,
  threads = 1,
): FactoryOptions {
  // It takes half of the cores that it is told of; and Node 20 has no navigator to ask.
  const cores = { emscripten_num_logical_cores: () => 2 * threads };
  return {
    instantiateWasm({ env, ...imports }, receive) {
      const instance = new WebAssembly.Instance(module, {
        ...imports,
        env: { ...env, ...cores },
      });
      receive(instance, module);
      return instance.exports;
    },
    locateFile: (path) => path,
  };
}

/** Binds the C functions that the package's own `init` binds, under the same names. */
export function bindTfjs(module: WasmBackendModule): WasmBackendModule {
  const number = "number";
  module.tfjs = {
    init: module.cwrap("init", null, []),
    initWithThreadsCount: module.cwrap("init_with_threads_count", null, [
      number,
    ]),
    getThreadsCount: module.cwrap("get_threads_count", number, []),
    registerTensor: module.cwrap("register_tensor", null, [
      number,
      number,
      number,
    ]),
    disposeData: module.cwrap("dispose_data", null, [number]),
    dispose: module.cwrap("dispose", null, []),
  };
  return module;
}

/** The default export of a CommonJS module, however the runtime wraps it. */
export function factoryOf(imported: unknown): Factory {
  const { default: inner } = imported as { default: unknown };
  return (typeof inner === "function" ? inner : imported) as Factory;
}
