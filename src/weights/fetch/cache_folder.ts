import { environmentVariable } from "../../runtime/permissions.ts";

/** The variables that name the folder, as Deno's `--allow-env` takes them. */
export const FOLDER_VARIABLES = "LAYERTAP_CACHE,XDG_CACHE_HOME,HOME";

/**
 * The folder of the cache: `$LAYERTAP_CACHE`, else the platform's place for caches.
 *
 * @returns None where there is no file system, or the environment may not be looked at.
 */
export async function cacheFolder(): Promise<string | undefined> {
  const folder = await environmentVariable("LAYERTAP_CACHE");
  if (folder !== undefined) return folder;
  const base = await platformFolder();
  return base === undefined ? undefined : `${base}/layertap`;
}

async function platformFolder(): Promise<string | undefined> {
  const process = await import("node:process").catch(() => undefined);
  if (process?.platform === "win32") {
    return await environmentVariable("LOCALAPPDATA");
  }
  const home = await environmentVariable("HOME");
  if (process?.platform === "darwin") return home && `${home}/Library/Caches`;
  return await environmentVariable("XDG_CACHE_HOME") ??
    (home && `${home}/.cache`);
}
