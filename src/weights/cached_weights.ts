import { openCache } from "./fetch/open_cache.ts";

/** A file of weights in the cache, or parts of one. */
export interface CachedWeights {
  /** Its URL. */
  readonly url: string;
  /** Length of the file in bytes. */
  readonly size: number;
  /** Bytes of it in the cache: `size` if all are. */
  readonly kept: number;
}

/** Options of {@linkcode listCachedWeights} and {@linkcode clearCachedWeights}. */
export interface CacheOptions {
  /** The cache's folder. Default: that of `createModel`. */
  readonly cache?: string;
}

/**
 * Lists the weights in the cache.
 *
 * @throws {Error} If there is no cache folder, or permissions are missing; the message names them.
 *
 * @example Their disk space
 * ```ts
 * import { listCachedWeights } from "@layertap/resnet/weights";
 * import assert from "node:assert/strict";
 *
 * const files = await listCachedWeights({ cache: "examples" });
 * const bytes = files.reduce((sum, { kept }) => sum + kept, 0);
 * assert.equal(bytes, 0);
 * ```
 */
export async function listCachedWeights(
  { cache }: CacheOptions = {},
): Promise<CachedWeights[]> {
  const opened = await openCache(cache, false);
  const files = await opened?.list() ?? [];
  return files.map(({ version, parts }) => ({
    url: version.url,
    size: version.size,
    kept: parts.reduce((sum, { offset, end }) => sum + end - offset, 0),
  }));
}

/**
 * Removes all weights from the cache; other files in its folder stay.
 *
 * @returns The weights removed.
 * @throws {Error} If there is no cache folder, or permissions are missing; the message names them.
 *
 * @example
 * ```ts ignore
 * import { clearCachedWeights } from "@layertap/resnet/weights";
 *
 * await clearCachedWeights();
 * ```
 */
export async function clearCachedWeights(
  { cache }: CacheOptions = {},
): Promise<CachedWeights[]> {
  const files = await listCachedWeights({ cache });
  const opened = await openCache(cache);
  for (const { url } of files) await opened?.remove(url);
  return files;
}
