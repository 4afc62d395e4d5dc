/**
 * The two emscripten factories inside `@tensorflow/tfjs-backend-wasm`, started without their own
 * ideas of where they run.
 *
 * The glue code takes a Node path wherever `process` exists, Deno included: it adds handlers for
 * uncaught exceptions and starts workers that can't start there. Each factory is one
 * self-contained function, so its text is evaluated again in a scope where those names are
 * shadowed.
 *
 * @module
 */

/** What `BackendWasm` needs of an emscripten module, besides its cwraps. */
export interface WasmBackendModule {
  cwrap(name: string, result: string | null, args: string[]): unknown;
  tfjs?: Record<string, unknown>;
  PThread?: { unusedWorkers: unknown[] };
}

/** `Module` overrides that a factory understands. */
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
}

/** An emscripten factory. */
export type Factory = (options: FactoryOptions) => Promise<WasmBackendModule>;

/** Names that the glue code looks for; a value of `undefined` hides the runtime's own. */
export const shadowed: Readonly<Record<string, unknown>> = {
  process: undefined,
  require: undefined,
  _scriptDir: undefined,
};

/** Whether the glue code would take its Node path. */
function looksLikeNode(): boolean {
  const { process } = globalThis as {
    process?: { versions?: { node?: unknown } };
  };
  return typeof process?.versions?.node === "string";
}

/**
 * The same factory in a scope of its own, or as it is where code may not be made from text.
 *
 * @throws {EvalError} If it may not, and the scope has names that the factory needs.
 */
export function inScope(
  factory: Factory,
  scope: Readonly<Record<string, unknown>>,
): Factory {
  // Its text is not always as it was: in a minified bundle it may speak of other variables.
  if (Object.keys(scope).length === 0 && !looksLikeNode()) return factory;
  const names = { ...shadowed, ...scope };
  try {
    return new Function(...Object.keys(names), `return ${factory}`)(
      ...Object.values(names),
    );
  } catch (error) {
    // Workers and strict content policies allow no code from text. Names that are only to be hidden
    // can be taken away; without a name that it needs the factory would wait for ever.
    if (error instanceof EvalError && Object.keys(scope).length === 0) {
      return withoutProcess(factory);
    }
    throw error;
  }
}

/** The same factory, which finds no `process` while it looks around. */
function withoutProcess(factory: Factory): Factory {
  return (options) => {
    const scope = globalThis as { process?: unknown };
    const { process } = scope;
    scope.process = undefined;
    try {
      return factory(options);
    } finally {
      scope.process = process;
    }
  };
}

/** Factory options that start a compiled module, without a fetch. */
export function startCompiled(module: WebAssembly.Module): FactoryOptions {
  return {
    instantiateWasm(imports, receive) {
      const instance = new WebAssembly.Instance(module, imports);
      receive(instance, module);
      return instance.exports;
    },
    locateFile: (path) => path,
  };
}

/** Adds the C functions that the package's own `init` binds, under the names it gives them. */
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
