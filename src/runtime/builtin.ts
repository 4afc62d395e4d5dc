/**
 * Node's built-in modules, which Deno and Bun have too.
 *
 * @module
 */

/** The modules that are used without an import, which would be asynchronous. */
interface Builtins {
  "node:os": typeof import("node:os");
  "node:worker_threads": typeof import("node:worker_threads");
  "node:zlib": typeof import("node:zlib");
}

/** A built-in module, if the runtime has it; a static import would fail in browsers. */
export function builtin<Name extends keyof Builtins>(
  name: Name,
): Builtins[Name] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}
