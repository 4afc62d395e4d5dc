/**
 * Hiding the runtime from emscripten's glue code.
 *
 * That code takes its Node path wherever it finds a `process`, as in Deno: it adds handlers for
 * uncaught exceptions, and starts threads in a way that fails there.
 *
 * @module
 */

import { isDeno } from "./which.ts";

/**
 * Calls an emscripten factory, which finds no `process`, and a `Worker` class of ours. It looks for
 * both before it returns.
 *
 * @param Worker The class; by default the runtime's own, if it has one.
 */
export function hidden<T>(call: () => T, Worker?: unknown): T {
  const { process } = globalThis as { process?: object };
  const shown = { process: undefined, ...(Worker ? { Worker } : {}) };
  // Before 2.6, packages from npm see Deno's `process` even so.
  const restore = isDeno() && process
    ? replace(process, { versions: {}, listeners: undefined })
    : () => {};
  try {
    const restore = replace(globalThis, shown);
    try {
      return call();
    } finally {
      restore();
    }
  } finally {
    restore();
  }
}

/** Replaces properties. Returns a function that puts the former ones back. */
function replace(
  target: object,
  values: Readonly<Record<string, unknown>>,
): () => void {
  const before = Object.keys(values).map((name) =>
    [name, Object.getOwnPropertyDescriptor(target, name)] as const
  );
  for (const [name, value] of Object.entries(values)) {
    const descriptor = { value, configurable: true, writable: true };
    Object.defineProperty(target, name, descriptor);
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(target, name, descriptor);
      else Reflect.deleteProperty(target, name);
    }
  };
}
