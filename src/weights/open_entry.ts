/**
 * Opens the weights of an entry of the table, from the nearest place that has them.
 *
 * @module
 */

import { warnOnConsole } from "../errors/printable.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { FetchError } from "./fetch/errors.ts";
import { Keeper } from "./fetch/keeper.ts";
import { fetchManifest } from "./fetch/manifest.ts";
import { openRemote } from "./fetch/open_remote.ts";
import type { FetchSettings } from "./fetch/options.ts";
import { openCheckpointIn } from "./open.ts";
import type { KnownFile } from "./fetch/remote_file.ts";
import { environmentVariable } from "../runtime/environment.ts";
import { sha256PrefixOf, type WeightsEntry } from "./table.ts";
import { openInTorchCache, torchCheckpoints } from "./torch_cache.ts";

/** Attempts at a server if another one has the file too. */
const FEW_ATTEMPTS = 2;

/** A place on a server. */
interface Place extends KnownFile {
  readonly url: string;
}

/**
 * Opens an entry's weights: from torch's cache, `weightsBase`, the official host or the mirror, in
 * that order; of the last two, one in our cache comes first. If a server can't be reached or lacks
 * the file, the next is tried, but not if its file is wrong.
 *
 * @param torchFolder torch's folder of checkpoints. Default: the environment's.
 * @throws {Error} If no place has it; the message says where to get the file and where to put it.
 * @throws {SyntaxError} If the file is damaged, or has another hash.
 */
export async function openEntry(
  entry: WeightsEntry,
  settings: FetchSettings,
  torchFolder?: string,
): Promise<Checkpoint> {
  const { warn = warnOnConsole } = settings;
  torchFolder ??= torchCheckpoints();
  for (const url of [entry.url, entry.legacyUrl ?? []].flat()) {
    const hash = url === entry.url ? entry.sha256Prefix : sha256PrefixOf(url)!;
    const source = await openInTorchCache(url, hash, torchFolder, warn);
    if (source !== undefined) return await openCheckpointIn(source);
  }
  const keeper = await Keeper.open(settings);
  const places = [
    ...await packedPlace(entry, settings, keeper),
    ...await publicPlaces(entry, keeper),
  ];
  const failures: string[] = [];
  for (const [i, place] of places.entries()) {
    const next = places[i + 1];
    try {
      return await openRemote(
        place.url,
        { ...settings, firstAttempts: next && FEW_ATTEMPTS },
        keeper,
        place,
      );
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      if (next) warn(`${error.message}; trying ${next.url}`);
      failures.push(error.message);
    }
  }
  throw new Error(
    `cannot load ${entry.name} of ${entry.arch}: ${
      failures.join("; ")
    }; download ${entry.url} and pass the file's path, or put it into ${torchFolder}`,
  );
}

/** The packed file on the host of `weightsBase`, if it has one. */
async function packedPlace(
  { arch, name }: WeightsEntry,
  settings: FetchSettings,
  keeper: Keeper,
): Promise<Place[]> {
  const { baseDType = "float16", warn = warnOnConsole } = settings;
  const base = settings.weightsBase ??
    environmentVariable("LAYERTAP_WEIGHTS");
  if (base === undefined) return [];
  const { url, dtype = baseDType } = typeof base === "string"
    ? { url: base }
    : base;
  try {
    const files = await fetchManifest(url, settings, keeper);
    const found = files.find((file) =>
      file.arch === arch && file.weights === name && file.dtype === dtype
    );
    if (found) return [{ ...found, url: `${url}${found.file}` }];
    warn(`${url}manifest.json has no ${name} of ${arch} as ${dtype}`);
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    warn(error.message);
  }
  return [];
}

/** The official host and the mirror; the mirror first if only its file is in our cache. */
async function publicPlaces(
  { url, sha256Prefix, mirrorUrl }: WeightsEntry,
  keeper: Keeper,
): Promise<Place[]> {
  const official = { url, sha256: sha256Prefix };
  const mirror = { url: mirrorUrl };
  const isMirrorKept = await keeper.find(url, sha256Prefix) === undefined &&
    await keeper.find(mirrorUrl) !== undefined;
  return isMirrorKept ? [mirror, official] : [official, mirror];
}
