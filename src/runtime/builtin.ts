/**
 * Node's built-in modules, which Deno and Bun have too.
 *
 * @module
 */

/** The modules that are used wherever they exist, without waiting for an import. */
interface Builtins {
  "node:os": typeof import("node:os");
  "node:worker_threads": typeof import("node:worker_threads");
  "node:zlib": typeof import("node:zlib");
}

/** A built-in module, or undefined where there is none. A static import would break browsers. */
export function builtin<Name extends keyof Builtins>(
  name: Name,
): Builtins[Name] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}
