/**
 * This process and others: whether one still runs.
 *
 * @module
 */

import { builtin, requireBuiltin } from "./builtin.ts";
import { isGranted } from "./environment.ts";
import { isDeno } from "./which.ts";

/** A process, as far as it can be told apart from others. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, in the system's words; empty if the system doesn't say. */
  readonly start: string;
  /** The host's name; empty if it may not be read. */
  readonly host: string;
}

/** The part of `node:process` that is used here. */
interface Process {
  readonly pid: number;
  kill(pid: number, signal: number): void;
}

function process(): Process {
  return (globalThis as unknown as { process: Process }).process;
}

/** This process. */
export async function thisProcess(): Promise<ProcessId> {
  const { pid } = process();
  return { pid, start: await startOf(pid), host: hostName() };
}

/** Whether a process still runs; undefined if that can't be known from here. */
export async function isRunning(
  { pid, start, host }: ProcessId,
): Promise<boolean | undefined> {
  if (host === "" || host !== hostName()) return undefined;
  if (!isGranted({ name: "run" })) return undefined;
  try {
    process().kill(pid, 0); // No signal: it only asks.
  } catch (error) {
    const { code } = error as Error & { readonly code?: string };
    if (code === "ESRCH") return false;
    return code === "EPERM" ? true : undefined; // Another user's.
  }
  const found = await startOf(pid);
  // Another process may have got the number of one that ended.
  return start === "" || found === "" || start === found;
}

function hostName(): string {
  if (!isGranted({ name: "sys", kind: "hostname" })) return "";
  return builtin("node:os")?.hostname() ?? "";
}

/** When a process started, in clock ticks since the system did; only Linux says so, and not in Deno. */
async function startOf(pid: number): Promise<string> {
  if (isDeno()) return "";
  try {
    const { readFile } = requireBuiltin("node:fs/promises");
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field, a name in parentheses, may have spaces.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "";
  }
}
