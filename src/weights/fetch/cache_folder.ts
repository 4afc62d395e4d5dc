import {
  environmentVariable,
  userCacheFolder,
} from "../../runtime/environment.ts";

/** The variables that name the folder, as Deno's `--allow-env` takes them. */
export const FOLDER_VARIABLES = "LAYERTAP_CACHE,XDG_CACHE_HOME,HOME";

/**
 * The folder of the cache: `$LAYERTAP_CACHE`, else the platform's place for caches.
 *
 * @returns None where there is no file system, or the environment may not be looked at.
 */
export function cacheFolder(): string | undefined {
  const folder = environmentVariable("LAYERTAP_CACHE");
  if (folder !== undefined) return folder;
  const parent = userCacheFolder();
  return parent === undefined ? undefined : `${parent}/layertap`;
}
