/**
 * What the cache of weights holds.
 *
 * @module
 */

import { openCache } from "./fetch/open_cache.ts";

/** A file of weights in the cache, or parts of one. */
export interface CachedWeights {
  /** Where it was fetched from. */
  readonly url: string;
  /** Length of the file in bytes. */
  readonly size: number;
  /** Bytes of it that are kept; as many as `size` if it is whole. */
  readonly kept: number;
}

/** Which cache. */
export interface CacheOptions {
  /** A folder. Default: the one that `createModel` uses. */
  readonly cache?: string;
}

/**
 * Lists the weights that were fetched and kept.
 *
 * @throws {Error} If the cache is out of reach; the message says which permissions it takes.
 *
 * @example How much disk space they take
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
 * Takes all weights out of the cache. What else is in its folder stays.
 *
 * @returns What was there.
 * @throws {Error} If the cache is out of reach; the message says which permissions it takes.
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
