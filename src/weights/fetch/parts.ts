import type { Range, Span } from "./plan.ts";

/** A part of a file that is at hand or planned. */
export interface Part extends Span {
  /** Place, in the order of need, of the last range that it is needed for. */
  last: number;
  /** Whether it is in the cache. */
  isKept: boolean;
  /** Whether it was asked for, and so need not be fetched ahead. */
  isAsked: boolean;
  /** How many of its bytes were read since it is known what it is needed for. */
  read: number;
  /** In memory, from when it is fetched until what it is needed for has been read. */
  bytes?: Promise<Uint8Array<ArrayBuffer>>;
}

/** Needed for no range that is known. */
const UNPLANNED = -1;

/**
 * What is fetched with any of a file's last bytes: as much as has to be searched for the directory
 * of a zip archive, which is most of that, too.
 */
const TAIL = 64 * 2 ** 10 + 64;

/** The parts of a file of that size, ordered by offset. */
export class Parts {
  readonly #parts: Part[] = [];

  constructor(readonly size: number) {}

  /** All of them. */
  get all(): readonly Part[] {
    return this.#parts;
  }

  /** Those in memory, or on their way there. */
  get held(): Part[] {
    return this.#parts.filter(({ bytes }) => bytes !== undefined);
  }

  /** Adds a part. */
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

  /** The part with the byte at `at`: one that there is, else a new one, up to `end` at most. */
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

  /** Notes what each part is needed for: ranges in the order of need. */
  expect(ranges: readonly Range[]): void {
    for (const part of this.#parts) {
      part.read = 0;
      part.last = ranges.findLastIndex(({ offset, length }) =>
        offset < part.end && part.offset < offset + length
      );
    }
  }

  /** Lets go of what was needed for the ranges before the one at the place `current`. */
  release(current: number): void {
    for (const part of this.held) {
      if (part.last < current) part.bytes = undefined;
    }
  }
}

/** Bytes in all. */
export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { offset, end }) => sum + end - offset, 0);
}
