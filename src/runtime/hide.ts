/**
 * Hiding the runtime from emscripten's glue code.
 *
 * That code takes its Node path wherever it finds a `process`, as in Deno: it adds handlers for
 * uncaught exceptions, and starts threads in a way that fails there.
 *
 * @module
 */

/**
 * Calls an emscripten factory, which finds no `process`, and a `Worker` class of ours. It looks for
 * both before it returns.
 *
 * @param Worker The class; by default the runtime's own, if it has one.
 */
export function hidden<T>(call: () => T, Worker?: unknown): T {
  const shown = { process: undefined, ...(Worker ? { Worker } : {}) };
  const before = Object.keys(shown).map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const
  );
  try {
    for (const [name, value] of Object.entries(shown)) {
      Object.defineProperty(globalThis, name, {
        value,
        configurable: true,
        writable: true,
      });
    }
    return call();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}
