import { builtin } from "./builtin.ts";

/** Logical cores, or 1 if the runtime doesn't say. */
export function coreCount(): number {
  // Node has a navigator from version 21 on.
  return globalThis.navigator?.hardwareConcurrency ||
    (builtin("node:os")?.availableParallelism?.() ?? 1);
}
