/**
 * A file on a server, of which only what is read is fetched.
 *
 * @module
 */

import type { ByteSource } from "../../runtime/byte_source.ts";
import { collect, verified } from "./chunks.ts";
import type { Keeper } from "./keeper.ts";
import { lengthOf, type Part, Parts } from "./parts.ts";
import { planSpans, type Range, type Span } from "./plan.ts";
import type { FileVersion, RemoteFile } from "./remote_file.ts";

/** The most that is held of the file: bytes that were fetched ahead of their use. */
const MAX_HELD = 8 * 2 ** 20;
/** The most requests at once. */
const MAX_REQUESTS = 4;
/** Where a larger share than this is needed, the whole file is fetched, if it can be kept. */
const NEARLY_ALL = 0.9;

/**
 * Reads by range requests.
 *
 * What is expected is fetched ahead in the order of need, a few requests at once, and each byte
 * once if it is also read in that order. With a cache every part is kept, and what is kept is not
 * fetched.
 */
export class RangedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #version: FileVersion;
  readonly #parts: Parts;
  /** Those that are expected, in the order of need, and how many of them have been asked for. */
  #plan: Part[] = [];
  #asked = 0;
  /** The ranges that will be read, in that order, and which of them is being read. */
  #expected: readonly Range[] = [];
  #current = 0;
  #requests = 0;
  #hasFailed = false;
  /** Fetches the whole file, where that is wanted. */
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

  /** Takes in the file's first bytes, which have come with the first answer. */
  async addStart(
    length: number,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const part = this.#parts.add({ offset: 0, end: length });
    await (part.bytes = this.#receive(part, chunks));
  }

  expect(ranges: readonly Range[]): void {
    const needed = ranges.reduce((sum, { length }) => sum + length, 0);
    if (!this.keeper.isOpen || needed <= NEARLY_ALL * this.size) {
      return this.#startPlan(ranges);
    }
    this.#fetchWhole = async () => {
      const whole = await this.#keepWhole();
      if (whole === undefined) this.#startPlan(ranges);
      return whole;
    };
  }

  #startPlan(ranges: readonly Range[]): void {
    const { progress } = this.remote;
    const plan = planSpans(ranges, this.#parts.all);
    progress.total = progress.loaded + lengthOf(plan);
    this.#plan = plan.map((span) => this.#parts.add(span));
    this.#asked = 0;
    this.#parts.expect(ranges);
    this.#expected = ranges;
    this.#current = 0;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const end = offset + length;
    if (offset < 0 || length < 0 || end > this.size) {
      throw new SyntaxError(
        `cannot read "${this.name}": ${length} bytes wanted at byte ${offset}, it has ${this.size}`,
      );
    }
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
    for (; this.#asked < this.#plan.length; this.#asked++) {
      const isEnough = this.#hasFailed || this.#requests >= MAX_REQUESTS ||
        lengthOf(this.#parts.held) >= MAX_HELD;
      if (isEnough) return;
      const part = this.#plan[this.#asked];
      // Whoever reads it is told if it fails.
      if (!part.isAsked) this.#load(part).catch(() => {});
    }
  }

  /** Lets go of what will not be read again, now that the byte at `offset` is. */
  #release(offset: number): void {
    const current = this.#expected.findIndex((range, i) =>
      i >= this.#current && range.offset <= offset &&
      offset < range.offset + range.length
    );
    if (current >= 0) {
      this.#current = current;
      this.#parts.release(current);
    } else if (this.#expected.length === 0) {
      // Nobody has said what is needed; the last few bytes are as likely as any.
      const { held } = this.#parts;
      while (lengthOf(held) > MAX_HELD) held.shift()!.bytes = undefined;
    }
  }

  /** Fetches what is missing of the file, and keeps all of it as one part. */
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
