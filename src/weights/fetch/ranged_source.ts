/**
 * A file on a server, fetched as far as it is read.
 *
 * @module
 */

import { collect } from "../../runtime/growing_bytes.ts";
import {
  type ByteRange,
  type ByteSource,
  checkRange,
} from "../../runtime/byte_source.ts";
import { verified } from "./chunks.ts";
import type { Keeper } from "./keeper.ts";
import { type Part, Parts } from "./parts.ts";
import type { FileVersion, RemoteFile } from "./remote_file.ts";
import { lengthOf, type Span } from "./span.ts";
import { spansToFetch } from "./spans_to_fetch.ts";

/** Most bytes to hold in memory, fetched ahead of their use. */
const MAX_HELD = 8 * 2 ** 20;
/** Most requests at once. */
const MAX_REQUESTS = 4;
/** If more than this share is needed, the whole file is fetched, where there is a cache for it. */
const NEARLY_ALL = 0.9;

/**
 * Reads by range requests.
 *
 * It fetches expected bytes ahead, in the order of need, a few requests at once; each byte once if
 * the reads come in that order too. A cache keeps every part, and a kept part is not fetched.
 */
export class RangedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #version: FileVersion;
  readonly #parts: Parts;
  /** Parts to fetch ahead, in the order of need, and how many of them are done or under way. */
  #ahead: Part[] = [];
  #started = 0;
  /** The expected reads, in that order, and the place of the current one. */
  #reads: readonly Span[] = [];
  #current = 0;
  #requests = 0;
  #hasFailed = false;
  /** Fetches the whole file, if most of it is needed. */
  #fetchWhole: (() => Promise<ByteSource | undefined>) | undefined;
  #whole: Promise<ByteSource | undefined> | undefined;

  /**
   * @param remote The file; its version is known.
   * @param kept Parts that are in the cache.
   */
  constructor(
    readonly remote: RemoteFile,
    readonly keeper: Keeper,
    kept: readonly Span[] = [],
  ) {
    this.#version = remote.version!;
    this.name = this.#version.url;
    this.size = this.#version.size;
    this.#parts = new Parts(this.size);
    for (const span of kept) this.#parts.add(span, true);
  }

  /** Takes the file's first bytes, from the answer to the first request. */
  async addStart(
    length: number,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const part = this.#parts.add({ offset: 0, end: length });
    await (part.bytes = this.#receive(part, chunks));
  }

  expect(ranges: readonly ByteRange[]): void {
    const reads = ranges
      .map(({ offset, length }) => ({ offset, end: offset + length }));
    if (!this.keeper.isOpen || lengthOf(reads) <= NEARLY_ALL * this.size) {
      return this.#expectReads(reads);
    }
    this.#fetchWhole = async () => {
      const whole = await this.#keepWhole();
      if (whole === undefined) this.#expectReads(reads);
      return whole;
    };
  }

  #expectReads(reads: readonly Span[]): void {
    const { progress } = this.remote;
    const spans = spansToFetch(reads, this.#parts.all);
    progress.total = progress.loaded + lengthOf(spans);
    this.#ahead = spans.map((span) => this.#parts.add(span));
    this.#started = 0;
    this.#parts.expect(reads);
    this.#reads = reads;
    this.#current = 0;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, offset, length);
    const end = offset + length;
    const whole = await (this.#whole ??= this.#fetchWhole?.());
    if (whole !== undefined) return await whole.read(offset, length);
    this.#release(offset);
    const bytes = new Uint8Array(length);
    for (let at = offset; at < end;) {
      const part = this.#parts.at(at, end);
      const content = this.#load(part);
      this.#fetchAhead();
      const stop = Math.min(end, part.end);
      bytes.set(
        (await content).subarray(at - part.offset, stop - part.offset),
        at - offset,
      );
      part.read += stop - at;
      const isDone = part.read >= part.end - part.offset;
      if (isDone && part.last === this.#current) part.bytes = undefined;
      at = stop;
    }
    return bytes;
  }

  close(): void {
    this.remote.close();
    this.#whole?.then((whole) => whole?.close(), () => {});
  }

  #load(part: Part): Promise<Uint8Array<ArrayBuffer>> {
    part.isAsked = true;
    return part.bytes ??= this.#get(part).catch((error) => {
      part.bytes = undefined;
      throw error;
    });
  }

  async #get(part: Part): Promise<Uint8Array<ArrayBuffer>> {
    if (part.isKept) {
      const source = await this.keeper.open(this.#version, part);
      if (source !== undefined) {
        return await source.read(0, source.size)
          .finally(() => source.close());
      }
    }
    this.#requests++;
    try {
      const chunks = this.remote.bytes(part.offset, part.end);
      return await this.#receive(part, chunks);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    } finally {
      this.#requests--;
      this.#fetchAhead();
    }
  }

  async #receive(
    part: Part,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await collect(this.keeper.keep(this.#version, part, chunks));
    part.isKept = this.keeper.isOpen;
    return bytes;
  }

  #fetchAhead(): void {
    for (; this.#started < this.#ahead.length; this.#started++) {
      const isEnough = this.#hasFailed || this.#requests >= MAX_REQUESTS ||
        lengthOf(this.#parts.held) >= MAX_HELD;
      if (isEnough) return;
      const part = this.#ahead[this.#started];
      // The read that needs it gets the error.
      if (!part.isAsked) this.#load(part).catch(() => {});
    }
  }

  /** Frees parts that no read needs any more, now that the one at `offset` begins. */
  #release(offset: number): void {
    const current = this.#reads.findIndex((read, i) =>
      i >= this.#current && read.offset <= offset && offset < read.end
    );
    if (current >= 0) {
      this.#current = current;
      this.#parts.release(current);
    } else if (this.#reads.length === 0) {
      // Nothing is known of the next reads: any part may go.
      const { held } = this.#parts;
      while (lengthOf(held) > MAX_HELD) held.shift()!.bytes = undefined;
    }
  }

  /** Fetches the missing parts, and keeps the file as one part. */
  async #keepWhole(): Promise<ByteSource | undefined> {
    const { progress } = this.remote;
    const { sha256 } = this.#version;
    const whole = { offset: 0, end: this.size };
    progress.total = progress.loaded + this.size - lengthOf(this.#parts.all);
    let chunks = this.#allChunks();
    if (sha256 !== undefined) {
      progress.check = "sha256";
      chunks = verified(chunks, this.name, sha256);
    }
    for await (const _ of this.keeper.keep(this.#version, whole, chunks)) {
      if (!this.keeper.isOpen) return undefined;
    }
    return await this.keeper.open(this.#version, whole);
  }

  async *#allChunks(): AsyncGenerator<Uint8Array> {
    let at = 0;
    for (const part of this.#parts.all) {
      if (part.offset > at) yield* this.remote.bytes(at, part.offset);
      yield (await this.#load(part)).subarray(Math.max(0, at - part.offset));
      part.bytes = undefined;
      at = Math.max(at, part.end);
    }
    if (at < this.size) yield* this.remote.bytes(at, this.size);
  }
}
