import { builtin } from "./builtin.ts";
import { isWorkerd } from "./which.ts";

/** Native `node:zlib`, if there is one; that of `workerd` fails at some lengths. */
export function nodeZlib(): typeof import("node:zlib") | undefined {
  return isWorkerd() ? undefined : builtin("node:zlib");
}
