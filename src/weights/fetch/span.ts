/** Bytes of a file, from `offset` up to `end`. */
export interface Span {
  readonly offset: number;
  readonly end: number;
}

/** Bytes of all spans together. */
export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { offset, end }) => sum + end - offset, 0);
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
