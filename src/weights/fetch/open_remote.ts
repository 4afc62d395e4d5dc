/**
 * Opens weights at a URL: from the cache, by ranges, as a stream, or whole, as server, file and
 * cache allow.
 *
 * @module
 */

import { ByteQueue } from "../../formats/byte_queue.ts";
import { openByteSource } from "../../runtime/open_source.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { openCheckpointIn } from "../open.ts";
import { isPackedStart, openPackedStream } from "../packed_stream.ts";
import { isWhole } from "./cache.ts";
import { chain, collect, peek, toStream, verified } from "./chunks.ts";
import { FileChangedError } from "./errors.ts";
import type { Keeper } from "./keeper.ts";
import type { FetchSettings } from "./options.ts";
import { RangedSource } from "./ranged_source.ts";
import { type ExpectedFile, RemoteFile } from "./remote_file.ts";

/** What is asked for first: the header of most safetensors files, the pickle of most `.pth`. */
const START = 32 * 2 ** 10;
/** Bytes that tell what kind of file it is. */
const SIGNATURE = 64;

/**
 * Opens the weights at a URL.
 *
 * @param keeper Where it may be kept, and is kept.
 * @param expected What the file must be.
 * @throws {FetchError} If the server cannot be reached or has no such file.
 * @throws {FileChangedError} If another file took its place on the way.
 * @throws {SyntaxError} If the file does not parse or is not what is expected.
 */
export async function openRemote(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
  expected: ExpectedFile = {},
): Promise<Checkpoint> {
  settings.signal?.throwIfAborted();
  /** What turns out to be damaged or old is not kept. */
  const forget = async (error: unknown): Promise<never> => {
    if (error instanceof SyntaxError || error instanceof FileChangedError) {
      await keeper.remove(url);
    }
    throw error;
  };
  try {
    const checkpoint = await openKept(url, settings, keeper, expected) ??
      await openFetched(url, settings, keeper, expected);
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

/** What is kept of the file, and what is missing from its server. */
async function openKept(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
  expected: ExpectedFile,
): Promise<Checkpoint | undefined> {
  const kept = await keeper.find(url, expected.sha256);
  if (kept === undefined) return undefined;
  const { version, parts } = kept;
  const whole = parts.find((part) => isWhole(version, part));
  const source = whole && await keeper.open(version, whole);
  if (source !== undefined) return await openCheckpointIn(source);
  const rest = parts.filter((part) => part !== whole);
  if (rest.length === 0) return undefined;
  const remote = new RemoteFile(url, settings, version);
  return await openRanged(new RangedSource(remote, keeper, rest));
}

async function openFetched(
  url: string,
  settings: FetchSettings,
  keeper: Keeper,
  expected: ExpectedFile,
): Promise<Checkpoint> {
  const remote = new RemoteFile(url, settings, expected);
  try {
    const first = await remote.start(START);
    const { size = Infinity, hasRanges } = remote;
    if (expected.size !== undefined && size !== expected.size) {
      throw new SyntaxError(
        `cannot read "${url}": it has ${size} bytes, not ${expected.size}`,
      );
    }
    const length = hasRanges ? Math.min(START, size) : size;
    const [signature, start] = await peek(
      remote.bytes(0, length, first),
      SIGNATURE,
    );
    const isPacked = isPackedStart(signature);
    // A stream is one request, but what is kept of it is all or nothing.
    if (hasRanges && (keeper.isOpen || !isPacked) && length < size) {
      const source = new RangedSource(remote, keeper);
      await source.addStart(length, start);
      return await openRanged(source);
    }
    let all = start;
    if (length < size) all = chain(start, remote.bytes(length, size));
    if (expected.sha256 !== undefined) {
      all = verified(all, url, expected.sha256);
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
    if (expected.sha256 !== undefined) progress.check = "sha256";
    if (version === undefined || !keeper.isOpen) {
      const source = await openByteSource(await collect(all));
      return await openCheckpointIn({ ...source, name: url });
    }
    for await (const _ of all);
    const source = await keeper.open(version, whole);
    if (source !== undefined) return await openCheckpointIn(source);
    // What it was to be kept in has failed: once more without.
    return await openFetched(url, settings, keeper, expected);
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

/** What a file that begins so has within it to be checked by. */
function innerCheck([p, k]: Uint8Array): "crc32" | "none" {
  return p === 0x50 && k === 0x4b ? "crc32" : "none";
}
