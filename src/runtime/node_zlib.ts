import { builtin } from "./builtin.ts";
import { isWorkerd } from "./which.ts";

/** `node:zlib`, native and synchronous, or undefined; `workerd`'s imitation fails at some lengths. */
export function nodeZlib(): typeof import("node:zlib") | undefined {
  return isWorkerd() ? undefined : builtin("node:zlib");
}
