/**
 * Small files beside weights: manifests, configs, indices.
 *
 * @module
 */

import { collect } from "../../runtime/growing_bytes.ts";
import type { Keeper } from "./keeper.ts";
import type { FetchSettings } from "./options.ts";
import { RemoteFile } from "./remote_file.ts";

/** Bytes of the first request; a manifest of 17 networks in three types has 12 KB. */
const START = 2 ** 16;
/** The most bytes of a small file; an index of a thousand tensors has 100 KB. */
const MAX_BYTES = 2 ** 24;

/**
 * Fetches a whole file, and keeps it.
 *
 * @throws {MissingFileError} If the server has none.
 * @throws {FetchError} If the server can't be reached.
 */
export async function fetchSmall(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
): Promise<Uint8Array> {
  // Its progress isn't the caller's concern.
  const remote = new RemoteFile(
    url,
    { ...settings, onProgress: undefined, maxBytes: MAX_BYTES },
    {},
  );
  try {
    const first = await remote.start(START);
    const { size = Infinity, version } = remote;
    const bytes = await collect(remote.bytes(0, size, first));
    await keeper.remove(url);
    if (version === undefined) return bytes;
    return await collect(
      keeper.keep(version, { offset: 0, end: size }, [bytes]),
    );
  } finally {
    remote.close();
  }
}

/** The file as it was last fetched; undefined if it isn't in the cache. */
export async function keptSmall(
  url: string,
  keeper: Keeper,
): Promise<Uint8Array | undefined> {
  const kept = await keeper.find(url);
  const source = kept && await keeper.open(kept.version, kept.parts[0]);
  if (source === undefined) return undefined;
  return await source.read(0, source.size).finally(() => source.close());
}
