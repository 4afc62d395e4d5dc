/** Which requests are made for the ranges that will be read. */

import assert from "node:assert/strict";
import { gaps, planSpans, type Range } from "../../src/weights/fetch/plan.ts";
import { seededRandom } from "./fixtures.ts";

const KIB = 2 ** 10, MIB = 2 ** 20;

const plan = (ranges: Range[], have: [number, number][] = []) =>
  planSpans(ranges, have.map(([offset, end]) => ({ offset, end })))
    .map(({ offset, end }) => [offset, end]);

Deno.test("neighbours are fetched together, across a small gap too", () => {
  const ranges = [
    { offset: 0, length: 100 },
    { offset: 100, length: 100 },
    { offset: 300, length: 100 },
    { offset: 2000, length: 100 },
  ];
  assert.deepEqual(plan(ranges), [[0, 400], [2000, 2100]]);
});

Deno.test("spans come in the order of need", () => {
  const ranges = [
    { offset: 9000, length: 10 },
    { offset: 0, length: 10 },
    { offset: 5000, length: 10 },
  ];
  assert.deepEqual(plan(ranges), [[9000, 9010], [0, 10], [5000, 5010]]);
});

Deno.test("what is at hand is not fetched, and no gap is closed across it", () => {
  const ranges = [{ offset: 0, length: 100 }, { offset: 150, length: 100 }];
  assert.deepEqual(plan(ranges, [[50, 120]]), [[0, 50], [150, 250]]);
  assert.deepEqual(plan(ranges, [[0, 250]]), []);
});

Deno.test("long ranges are split", () => {
  assert.deepEqual(plan([{ offset: 0, length: 9 * MIB }]), [
    [0, 4 * MIB],
    [4 * MIB, 8 * MIB],
    [8 * MIB, 9 * MIB],
  ]);
});

Deno.test("neighbours that are needed at other times are fetched together only if they are short", () => {
  const between = Array.from({ length: 40 }, (_, i) => (
    { offset: 10 * MIB + i * 10_000, length: 1 }
  ));
  const ends = (length: number) => {
    const [first, last] = [0, length].map((offset) => ({ offset, length }));
    return plan([first, ...between, last])
      .filter(([offset]) => offset < 10 * MIB);
  };
  assert.equal(ends(100 * KIB).length, 1);
  assert.equal(ends(MIB).length, 2);
});

Deno.test("bytes that two ranges share are fetched with the one that needs them first", () => {
  // As a zip archive's entries are told of: each with a few bytes of the next.
  const far = Array.from({ length: 40 }, (_, i) => (
    { offset: 10 * MIB + i * 10_000, length: 1 }
  ));
  const early = { offset: MIB, length: MIB };
  const late = { offset: 0, length: MIB + 24 };
  assert.deepEqual(plan([early, ...far, late]).filter(([o]) => o < 9 * MIB), [
    [MIB, 2 * MIB],
    [0, MIB],
  ]);
  assert.deepEqual(plan([late, ...far, early]).filter(([o]) => o < 9 * MIB), [
    [0, MIB + 24],
    [MIB + 24, 2 * MIB],
  ]);
});

Deno.test("whatever the ranges: all of them, each byte once, little else", () => {
  const random = seededRandom(5);
  for (let round = 0; round < 300; round++) {
    const size = 1 + random(20 * MIB);
    const ranges = Array.from({ length: random(60) }, () => {
      const offset = random(size);
      return { offset, length: random(Math.min(size - offset, 3 * MIB) + 1) };
    });
    const have = Array.from({ length: random(5) }, () => {
      const offset = random(size);
      return { offset, end: Math.min(size, offset + 1 + random(MIB)) };
    }).sort((a, b) => a.offset - b.offset);
    const spans = planSpans(ranges, have);
    const ordered = [...spans].sort((a, b) => a.offset - b.offset);
    ordered.forEach(({ offset, end }, i) => {
      assert.ok(offset < end && end - offset <= 4 * MIB);
      assert.ok(end <= (ordered[i + 1]?.offset ?? size), "twice");
      for (const other of have) {
        assert.ok(end <= other.offset || other.end <= offset, "at hand");
      }
    });
    const covered = [...ordered, ...have].sort((a, b) => a.offset - b.offset);
    for (const { offset, length } of ranges) {
      assert.deepEqual(
        [...gaps({ offset, end: offset + length }, covered)],
        [],
      );
    }
    const union = ranges.map(({ offset, length }) => ({
      offset,
      end: offset + length,
    })).sort((a, b) => a.offset - b.offset);
    for (const span of ordered) {
      for (const { offset, end } of gaps(span, union)) {
        assert.ok(end - offset <= 512, "more than a gap");
      }
    }
  }
});
