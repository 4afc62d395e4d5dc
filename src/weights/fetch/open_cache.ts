import {
  environmentVariable,
  isGranted,
  keepsFilesInCacheApi,
  needsPermissions,
  userCacheFolder,
} from "../../runtime/environment.ts";
import type { WeightsCache } from "./cache.ts";
import type { FetchOptions } from "./options.ts";

/** The variables that name the folder, as Deno's `--allow-env` takes them. */
const FOLDER_VARIABLES = "LAYERTAP_CACHE,XDG_CACHE_HOME,HOME";

/**
 * The cache's folder: `$LAYERTAP_CACHE`, else a folder among the user's caches; undefined without a
 * file system, or if the variables can't be read.
 */
export function cacheFolder(): string | undefined {
  const folder = environmentVariable("LAYERTAP_CACHE");
  if (folder !== undefined) return folder;
  const parent = userCacheFolder();
  return parent === undefined ? undefined : `${parent}/layertap`;
}

/**
 * Opens the cache that the option names.
 *
 * @param willWrite Whether files will be added or removed.
 * @returns Undefined if the option is `false`.
 * @throws {Error} If this runtime has no cache folder, or permissions are missing.
 */
export async function openCache(
  cache: FetchOptions["cache"] = true,
  willWrite = true,
): Promise<WeightsCache | undefined> {
  if (cache === false) return undefined;
  if (cache === true && keepsFilesInCacheApi()) {
    const { BrowserCache } = await import("./browser_cache.ts");
    return new BrowserCache();
  }
  const folder = cache === true ? cacheFolder() : cache;
  const isAllowed = folder !== undefined &&
    isGranted({ name: "read", path: folder }) &&
    (!willWrite || isGranted({ name: "write", path: folder }));
  if (!isAllowed) {
    if (!needsPermissions()) {
      throw new Error("no cache folder; set LAYERTAP_CACHE to one");
    }
    throw new Error(
      folder === undefined
        ? `no cache folder; grant --allow-env=${FOLDER_VARIABLES} --allow-read --allow-write`
        : `no access to the cache folder; grant --allow-read=${folder} --allow-write=${folder}`,
    );
  }
  const { FolderCache } = await import("./folder_cache.ts");
  return new FolderCache(folder);
}
