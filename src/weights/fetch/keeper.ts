/**
 * The cache as a load uses it: if the cache fails, the load goes on without it.
 *
 * @module
 */

import { warnOnConsole } from "../../errors/printable.ts";
import type { ByteSource } from "../../runtime/byte_source.ts";
import type { KeptFile, PartWriter, WeightsCache } from "./cache.ts";
import { openCache } from "./open_cache.ts";
import type { FetchOptions } from "./options.ts";
import type { Span } from "./span.ts";
import type { FileVersion } from "./remote_file.ts";

/** Keeps fetched bytes. The first failure of the cache is a warning, and closes it. */
export class Keeper {
  #cache: WeightsCache | undefined;

  constructor(
    cache: WeightsCache | undefined,
    readonly warn: (message: string) => void,
  ) {
    this.#cache = cache;
  }

  /** Opens the cache that the options name. */
  static async open(
    { cache, warn = warnOnConsole }: FetchOptions,
  ): Promise<Keeper> {
    try {
      return new Keeper(await openCache(cache), warn);
    } catch (error) {
      const keeper = new Keeper(undefined, warn);
      keeper.#giveUp(error as Error);
      return keeper;
    }
  }

  /** Whether there is a cache that hasn't failed. */
  get isOpen(): boolean {
    return this.#cache !== undefined;
  }

  /** The file at a URL, with that hash, if parts of it are in the cache. */
  async find(url: string, sha256?: string): Promise<KeptFile | undefined> {
    return await this.#attempt((cache) => cache.find(url, sha256));
  }

  /** A part that `find` found, unless it is damaged. */
  async open(
    version: FileVersion,
    part: Span,
  ): Promise<ByteSource | undefined> {
    const source = await this.#attempt((cache) => cache.open(version, part));
    return source && { ...source, name: version.url };
  }

  /** Removes the file at a URL. */
  async remove(url: string): Promise<void> {
    await this.#attempt((cache) => cache.remove(url));
  }

  /** Passes the bytes of a part on, and keeps them if all arrive. */
  async *keep(
    version: FileVersion,
    part: Span,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    let writer = await this.#attempt((cache) => cache.create(version, part));
    const write = async (action: (writer: PartWriter) => Promise<void>) => {
      if (writer === undefined) return;
      await action(writer).catch(async (error) => {
        this.#giveUp(error);
        await abort();
      });
    };
    const abort = async () => {
      await writer?.abort().catch(() => {});
      writer = undefined;
    };
    try {
      for await (const chunk of chunks) {
        await write((writer) => writer.write(chunk));
        yield chunk;
      }
      await write((writer) => writer.commit());
      writer = undefined;
    } finally {
      await abort();
    }
  }

  async #attempt<T>(
    action: (cache: WeightsCache) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#cache === undefined) return undefined;
    try {
      return await action(this.#cache);
    } catch (error) {
      this.#giveUp(error as Error);
      return undefined;
    }
  }

  #giveUp(error: Error): void {
    this.#cache = undefined;
    this.warn(`fetched weights are not cached: ${error.message}`);
  }
}
