import type { Span } from "./span.ts";

/** A part of a file: in memory, in the cache or to be fetched. */
export interface Part extends Span {
  /** Place, in the order of need, of the last read that needs it. */
  last: number;
  /** Whether it is in the cache. */
  isKept: boolean;
  /** Whether it was asked for already, so that nothing fetches it ahead. */
  isAsked: boolean;
  /** Bytes of it that were read since it is known what needs it. */
  read: number;
  /** In memory: from its request until the last read that needs it. */
  bytes?: Promise<Uint8Array<ArrayBuffer>>;
}

/** The place of the last read, where no read is known to need the part. */
const UNPLANNED = -1;

/**
 * What a read near the end of a file fetches: zip readers search this much for the archive's
 * directory, most of which it holds.
 */
const TAIL = 64 * 2 ** 10 + 64;

/** The parts of a file of that size, ordered by offset. */
export class Parts {
  readonly #parts: Part[] = [];

  constructor(readonly size: number) {}

  get all(): readonly Part[] {
    return this.#parts;
  }

  /** Those in memory, or on their way there. */
  get held(): Part[] {
    return this.#parts.filter(({ bytes }) => bytes !== undefined);
  }

  add({ offset, end }: Span, isKept = false): Part {
    const part: Part = {
      offset,
      end,
      last: UNPLANNED,
      isKept,
      isAsked: false,
      read: 0,
    };
    const next = this.#parts.findIndex(({ offset }) => offset > part.offset);
    this.#parts.splice(next < 0 ? this.#parts.length : next, 0, part);
    return part;
  }

  /** The part with the byte at `at`: an existing one, else a new one, up to `end` at most. */
  at(at: number, end: number): Part {
    const found = this.#parts
      .find((part) => part.offset <= at && at < part.end);
    if (found !== undefined) return found;
    const next = this.#parts.find(({ offset }) => offset > at)?.offset;
    if (next === undefined && this.size - at <= TAIL) {
      const before = Math.max(0, ...this.#parts.map(({ end }) => end));
      const offset = Math.max(before, this.size - TAIL);
      return this.add({ offset, end: this.size });
    }
    return this.add({ offset: at, end: Math.min(end, next ?? end) });
  }

  /** Notes which of these reads, in the order of need, is the last that needs each part. */
  expect(reads: readonly Span[]): void {
    for (const part of this.#parts) {
      part.read = 0;
      part.last = reads.findLastIndex(({ offset, end }) =>
        offset < part.end && part.offset < end
      );
    }
  }

  /** Frees what only reads before the one at place `current` needed. */
  release(current: number): void {
    for (const part of this.held) {
      if (part.last < current) part.bytes = undefined;
    }
  }
}
