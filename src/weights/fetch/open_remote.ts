/**
 * Opens weights at a URL: from the cache, by ranges, as a stream or whole; server, file and cache
 * decide.
 *
 * @module
 */

import { collect } from "../../runtime/growing_bytes.ts";
import { expected } from "../../errors/expected.ts";
import { failReading } from "../../errors/fail.ts";
import { ByteQueue } from "../../formats/byte_queue.ts";
import { openByteSource } from "../../runtime/open_source.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { openCheckpointIn } from "../open.ts";
import { isPackedStart, openPackedStream } from "../packed_stream.ts";
import { isWhole } from "./cache.ts";
import { chain, peek, toStream, verified } from "./chunks.ts";
import { FileChangedError } from "./errors.ts";
import type { Keeper } from "./keeper.ts";
import type { FetchSettings } from "./options.ts";
import { RangedSource } from "./ranged_source.ts";
import { isStrong, type KnownFile, RemoteFile } from "./remote_file.ts";

/** Bytes of the first request: most safetensors headers, most pickles of a `.pth`. */
const START = 32 * 2 ** 10;
/** Bytes that show the file's format. */
const SIGNATURE = 64;

/**
 * Opens the weights at a URL.
 *
 * @param keeper The cache, which is read and written.
 * @param known What is known of the file.
 * @throws {FetchError} If the server can't be reached, or doesn't have the file.
 * @throws {FileChangedError} If the file changes meanwhile.
 * @throws {SyntaxError} If the file doesn't parse, or isn't the known one.
 */
export async function openRemote(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
  known: KnownFile = {},
): Promise<Checkpoint> {
  settings.signal?.throwIfAborted();
  /** Removes a damaged or changed file from the cache. */
  const forget = async (error: unknown): Promise<never> => {
    if (error instanceof SyntaxError || error instanceof FileChangedError) {
      await keeper.remove(url);
    }
    throw error;
  };
  try {
    const checkpoint = await openKept(url, settings, keeper, known) ??
      await openFetched(url, settings, keeper, known);
    return {
      source: checkpoint.source,
      tensors: checkpoint.tensors,
      metadata: checkpoint.metadata,
      expect: (names) => checkpoint.expect?.(names),
      read: (name) => checkpoint.read(name).catch(forget),
      ...checkpoint.readRows && {
        readRows: (name: string) => checkpoint.readRows!(name).catch(forget),
      },
      close: () => checkpoint.close(),
    };
  } catch (error) {
    return await forget(error);
  }
}

/** Opens the file from the cache, and its missing parts from the server. */
async function openKept(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
  known: KnownFile,
): Promise<Checkpoint | undefined> {
  const kept = await keeper.find(url, known.sha256);
  if (kept === undefined) return undefined;
  const { version, parts } = kept;
  const whole = parts.find((part) => isWhole(version, part));
  const source = whole && await keeper.open(version, whole);
  if (source !== undefined) return await openCheckpointIn(source);
  const rest = parts.filter((part) => part !== whole);
  // Parts under a date may be of two versions.
  if (rest.length === 0 || !isStrong(version.validator)) return undefined;
  const remote = new RemoteFile(url, settings, version);
  return await openRanged(new RangedSource(remote, keeper, rest));
}

async function openFetched(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
  known: KnownFile,
): Promise<Checkpoint> {
  const remote = new RemoteFile(url, settings, known);
  try {
    const first = await remote.start(START);
    const { size = Infinity, hasRanges } = remote;
    if (known.size !== undefined && size !== known.size) {
      throw failReading(url)(expected("", `${known.size} bytes`, size));
    }
    const length = hasRanges ? Math.min(START, size) : size;
    const [signature, start] = await peek(
      remote.bytes(0, length, first),
      SIGNATURE,
    );
    const isPacked = isPackedStart(signature);
    // A stream takes one request, but it is cached as a whole or not at all.
    if (hasRanges && (keeper.isOpen || !isPacked) && length < size) {
      const source = new RangedSource(remote, keeper);
      await source.addStart(length, start);
      return await openRanged(source);
    }
    let all = start;
    if (length < size) all = chain(start, remote.bytes(length, size));
    if (known.sha256 !== undefined) {
      all = verified(all, url, known.sha256);
    }
    const { version, progress } = remote;
    const whole = { offset: 0, end: size };
    if (version !== undefined) all = keeper.keep(version, whole, all);
    progress.total = version?.size;
    progress.check = innerCheck(signature);
    if (isPacked) {
      const stream = toStream(all, () => remote.close());
      return await openPackedStream(new ByteQueue(url, stream));
    }
    if (known.sha256 !== undefined) progress.check = "sha256";
    if (version === undefined || !keeper.isOpen) {
      const source = await openByteSource(await collect(all));
      return await openCheckpointIn({ ...source, name: url });
    }
    for await (const _ of all);
    const source = await keeper.open(version, whole);
    if (source !== undefined) return await openCheckpointIn(source);
    // The cache has failed: again without it.
    return await openFetched(url, settings, keeper, known);
  } catch (error) {
    remote.close();
    throw error;
  }
}

async function openRanged(source: RangedSource): Promise<Checkpoint> {
  const signature = await source.read(0, Math.min(SIGNATURE, source.size));
  source.remote.progress.check = innerCheck(signature);
  return await openCheckpointIn(source);
}

/** The checksums in a file that begins with these bytes. */
function innerCheck([p, k]: Uint8Array): "crc32" | "none" {
  return p === 0x50 && k === 0x4b ? "crc32" : "none";
}
