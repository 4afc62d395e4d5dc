/**
 * Node's built-in modules, which Deno and Bun have too.
 *
 * They are never imported: bundlers for browsers would look for them.
 *
 * @module
 */

/** The modules that are used. */
interface Builtins {
  "node:crypto": typeof import("node:crypto");
  "node:fs": typeof import("node:fs");
  "node:fs/promises": typeof import("node:fs/promises");
  "node:os": typeof import("node:os");
  "node:path": typeof import("node:path");
  "node:worker_threads": typeof import("node:worker_threads");
  "node:zlib": typeof import("node:zlib");
}

/** The part of `node:process` that is used here. */
interface Process {
  readonly versions?: { readonly node?: unknown };
  getBuiltinModule?(name: string): unknown;
}

/** A built-in module, if the runtime has it. */
export function builtin<Name extends keyof Builtins>(
  name: Name,
): Builtins[Name] | undefined {
  const { process } = globalThis as { process?: Process };
  return process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}

/**
 * A built-in module.
 *
 * @throws {Error} If the runtime lacks it.
 */
export function requireBuiltin<Name extends keyof Builtins>(
  name: Name,
): Builtins[Name] {
  const found = builtin(name);
  if (found) return found;
  throw new Error(missing(name));
}

/** Why a feature of the platform is missing, and what to do. */
export function missing(feature: string): string {
  const { process } = globalThis as { process?: Process };
  const node = process?.versions?.node;
  return typeof node === "string" && !process?.getBuiltinModule
    ? `Node ${node} has no ${feature}; use Node 20.16, 22.3 or later`
    : `this runtime has no ${feature}`;
}
