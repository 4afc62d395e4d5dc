/**
 * Permissions, environment variables, and the folder for caches.
 *
 * @module
 */

import { isDeno } from "./which.ts";

/** Whether permissions must be granted before files and variables can be used. */
export function needsPermissions(): boolean {
  return isDeno();
}

/** Whether Deno has granted this, so that using it neither throws nor asks the user. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  if (!needsPermissions()) return true; // Other runtimes have no such permissions.
  return Deno.permissions.querySync(permission).state === "granted";
}

/** The part of `node:process` that is used here. */
interface Process {
  readonly platform?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

function process(): Process | undefined {
  return (globalThis as { process?: Process }).process;
}

/** An environment variable; undefined if it is empty or may not be read. */
export function environmentVariable(variable: string): string | undefined {
  if (!isGranted({ name: "env", variable })) return undefined;
  return process()?.env?.[variable] || undefined;
}

/** The user's folder for caches, if the environment names one and may be read. */
export function userCacheFolder(): string | undefined {
  const platform = process()?.platform;
  if (platform === "win32") return environmentVariable("LOCALAPPDATA");
  const home = environmentVariable("HOME");
  if (platform === "darwin") return home && `${home}/Library/Caches`;
  return environmentVariable("XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
}

/** Whether downloads belong in the Cache API. Deno has it too, but a folder can be shared with Node. */
export function keepsFilesInCacheApi(): boolean {
  return "caches" in globalThis && !isDeno();
}
