/** Which spans are fetched for the bytes that will be read. */

import assert from "node:assert/strict";
import { gaps, type Span } from "../../src/weights/fetch/span.ts";
import { spansToFetch } from "../../src/weights/fetch/spans_to_fetch.ts";
import { seededRandom } from "./fixtures.ts";

const KIB = 2 ** 10, MIB = 2 ** 20;

const span = (offset: number, end: number): Span => ({ offset, end });

const fetched = (reads: Span[], have: Span[] = []) =>
  spansToFetch(reads, have).map(({ offset, end }) => [offset, end]);

Deno.test("neighbours are fetched together, across a small gap too", () => {
  const reads = [span(0, 100), span(100, 200), span(300, 400)];
  assert.deepEqual(fetched([...reads, span(2000, 2100)]), [
    [0, 400],
    [2000, 2100],
  ]);
});

Deno.test("spans come in the order of need", () => {
  assert.deepEqual(
    fetched([span(9000, 9010), span(0, 10), span(5000, 5010)]),
    [[9000, 9010], [0, 10], [5000, 5010]],
  );
});

Deno.test("bytes at hand are not fetched, and no gap is closed across them", () => {
  const reads = [span(0, 100), span(150, 250)];
  assert.deepEqual(fetched(reads, [span(50, 120)]), [[0, 50], [150, 250]]);
  assert.deepEqual(fetched(reads, [span(0, 250)]), []);
});

Deno.test("long spans are split", () => {
  assert.deepEqual(fetched([span(0, 9 * MIB)]), [
    [0, 4 * MIB],
    [4 * MIB, 8 * MIB],
    [8 * MIB, 9 * MIB],
  ]);
});

/** Many short reads far behind the others. */
const far = Array.from({ length: 40 }, (_, i) => {
  const offset = 10 * MIB + i * 10_000;
  return span(offset, offset + 1);
});
const isNear = ([offset]: number[]) => offset < 10 * MIB;

Deno.test("neighbours needed far apart in time are fetched together only if short", () => {
  const near = (length: number) =>
    fetched([span(0, length), ...far, span(length, 2 * length)]).filter(isNear);
  assert.equal(near(100 * KIB).length, 1);
  assert.equal(near(MIB).length, 2);
});

Deno.test("bytes that two reads share are fetched with the first of them", () => {
  // As with a zip archive's entries: each read takes a few bytes of the next.
  const early = span(MIB, 2 * MIB), late = span(0, MIB + 24);
  assert.deepEqual(fetched([early, ...far, late]).filter(isNear), [
    [MIB, 2 * MIB],
    [0, MIB],
  ]);
  assert.deepEqual(fetched([late, ...far, early]).filter(isNear), [
    [0, MIB + 24],
    [MIB + 24, 2 * MIB],
  ]);
});

Deno.test("any reads: all their bytes, each once, few others", () => {
  const random = seededRandom(5);
  const byOffset = (spans: readonly Span[]) =>
    [...spans].sort((a, b) => a.offset - b.offset);
  for (let round = 0; round < 300; round++) {
    const size = 1 + random(20 * MIB);
    const reads = Array.from({ length: random(60) }, () => {
      const offset = random(size);
      const length = random(Math.min(size - offset, 3 * MIB) + 1);
      return span(offset, offset + length);
    });
    const have = byOffset(Array.from({ length: random(5) }, () => {
      const offset = random(size);
      return span(offset, Math.min(size, offset + 1 + random(MIB)));
    }));
    const spans = byOffset(spansToFetch(reads, have));
    spans.forEach(({ offset, end }, i) => {
      assert.ok(offset < end && end - offset <= 4 * MIB);
      assert.ok(end <= (spans[i + 1]?.offset ?? size), "twice");
      for (const other of have) {
        assert.ok(end <= other.offset || other.end <= offset, "at hand");
      }
    });
    const covered = byOffset([...spans, ...have]);
    for (const read of reads) assert.deepEqual([...gaps(read, covered)], []);
    for (const each of spans) {
      for (const { offset, end } of gaps(each, byOffset(reads))) {
        assert.ok(end - offset <= 512, "more than a gap");
      }
    }
  }
});
