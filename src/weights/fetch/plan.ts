/**
 * Which requests get the bytes that will be read: few, each byte once, little else, and in the
 * order of need.
 *
 * @module
 */

/** Bytes from `offset` up to `end`. */
export interface Span {
  readonly offset: number;
  readonly end: number;
}

/** `length` bytes from `offset` on, as a byte source is told of them. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A span to be fetched, and the first and the last of the ranges that it is needed for. */
export interface PlannedSpan extends Span {
  readonly first: number;
  readonly last: number;
}

/** Longest request: what is held of a file is a few of these. */
const MAX_SPAN = 4 * 2 ** 20;
/** Bytes that nobody needs are fetched if a request less is worth them. */
const MAX_GAP = 512;
/** Spans are joined only if they are needed at about the same time, so many ranges apart … */
const MAX_WAIT = 32;
/** … or if they are short enough to be held until then. */
const MAX_HELD = 256 * 2 ** 10;

/**
 * Plans the requests for ranges that will be read in that order.
 *
 * A zip-format `.pth` has its tensors in the order of their numbers as strings, so neighbours in
 * the file may be needed far apart in time. They are fetched together only if that is cheap to
 * hold.
 *
 * @param have Spans that are at hand, ordered by offset.
 */
export function planSpans(
  ranges: readonly Range[],
  have: readonly Span[],
): PlannedSpan[] {
  const wanted = ranges.map(({ offset, length }, i) => (
    { offset, end: offset + length, first: i, last: i }
  )).sort((a, b) => a.offset - b.offset || a.first - b.first);

  const spans: PlannedSpan[] = [];
  for (const range of wanted) {
    const before = spans.at(-1);
    let { offset, last } = range;
    if (before !== undefined && before.end > offset) {
      // Bytes that several ranges share are fetched with the one that needs them first.
      const isFirst = range.first < before.first && before.offset < offset &&
        before.end <= range.end;
      if (isFirst) {
        spans[spans.length - 1] = { ...before, end: offset };
        last = before.last;
      } else {
        spans[spans.length - 1] = { ...join(before, range), end: before.end };
        offset = before.end;
      }
    }
    for (const gap of gaps({ offset, end: range.end }, have)) {
      const span = { ...range, ...gap, last };
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

/** The parts of a span that others, ordered by offset, don't cover. */
export function* gaps(span: Span, others: readonly Span[]): Generator<Span> {
  let at = span.offset;
  for (const { offset, end } of others) {
    if (offset >= span.end) break;
    if (offset > at) yield { offset: at, end: offset };
    at = Math.max(at, end);
  }
  if (at < span.end) yield { offset: at, end: span.end };
}

function isJoined(
  before: PlannedSpan,
  span: PlannedSpan,
  have: readonly Span[],
): boolean {
  const joined = join(before, span);
  const length = joined.end - joined.offset;
  const isSoon = joined.last - joined.first <= MAX_WAIT && length <= MAX_SPAN;
  return span.offset - before.end <= MAX_GAP &&
    (isSoon || length <= MAX_HELD) &&
    !have.some(({ offset, end }) => offset < span.offset && end > before.end);
}

function join(a: PlannedSpan, b: PlannedSpan): PlannedSpan {
  return {
    offset: a.offset,
    end: b.end,
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
  };
}

function split(span: PlannedSpan): PlannedSpan[] {
  const parts: PlannedSpan[] = [];
  for (let at = span.offset; at < span.end; at += MAX_SPAN) {
    parts.push({
      ...span,
      offset: at,
      end: Math.min(at + MAX_SPAN, span.end),
    });
  }
  return parts;
}
