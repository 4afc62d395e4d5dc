/**
 * Which requests fetch the bytes that will be read: few requests, in the order of need, each byte
 * once and hardly any that nobody reads.
 *
 * @module
 */

import { gaps, type Span } from "./span.ts";

/** A span to fetch, with the places of the first and the last read that need it. */
interface NeededSpan extends Span {
  readonly first: number;
  readonly last: number;
}

/** Longest request: a few of these are held in memory. */
const MAX_SPAN = 4 * 2 ** 20;
/** A gap this short is fetched too, which saves a request. */
const MAX_GAP = 512;
/** Spans are joined if they are needed at about the same time, at most this many reads apart … */
const MAX_WAIT = 32;
/** … or if they are short enough to hold until then. */
const MAX_HELD = 256 * 2 ** 10;

/**
 * The spans to fetch, in the order of need.
 *
 * A zip-format `.pth` has its tensors in the order of their numbers as strings, so neighbours in
 * the file may be needed far apart in time. They are fetched together only if that is cheap to
 * hold.
 *
 * @param reads What will be read, in that order.
 * @param have Spans that need no fetching, ordered by offset.
 */
export function spansToFetch(
  reads: readonly Span[],
  have: readonly Span[],
): Span[] {
  const byOffset = reads
    .map(({ offset, end }, i) => ({ offset, end, first: i, last: i }))
    .sort((a, b) => a.offset - b.offset || a.first - b.first);

  const spans: NeededSpan[] = [];
  for (const read of byOffset) {
    const before = spans.at(-1);
    let { offset, last } = read;
    if (before !== undefined && before.end > offset) {
      // Bytes that several reads share are fetched with the first of them.
      const isFirst = read.first < before.first && before.offset < offset &&
        before.end <= read.end;
      if (isFirst) {
        spans[spans.length - 1] = { ...before, end: offset };
        last = before.last;
      } else {
        spans[spans.length - 1] = { ...join(before, read), end: before.end };
        offset = before.end;
      }
    }
    for (const gap of gaps({ offset, end: read.end }, have)) {
      const span = { ...read, ...gap, last };
      const before = spans.at(-1);
      if (before !== undefined && isJoined(before, span, have)) {
        spans[spans.length - 1] = join(before, span);
      } else spans.push(span);
    }
  }
  return spans.flatMap(split).sort((a, b) =>
    a.first - b.first || a.offset - b.offset
  );
}

function isJoined(
  before: NeededSpan,
  span: NeededSpan,
  have: readonly Span[],
): boolean {
  const joined = join(before, span);
  const length = joined.end - joined.offset;
  const isSoon = joined.last - joined.first <= MAX_WAIT && length <= MAX_SPAN;
  return span.offset - before.end <= MAX_GAP &&
    (isSoon || length <= MAX_HELD) &&
    !have.some(({ offset, end }) => offset < span.offset && end > before.end);
}

function join(a: NeededSpan, b: NeededSpan): NeededSpan {
  return {
    offset: a.offset,
    end: b.end,
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
  };
}

function split(span: NeededSpan): NeededSpan[] {
  const parts: NeededSpan[] = [];
  for (let at = span.offset; at < span.end; at += MAX_SPAN) {
    const end = Math.min(at + MAX_SPAN, span.end);
    parts.push({ ...span, offset: at, end });
  }
  return parts;
}
