import assert from "node:assert/strict";
import { ticks } from "../../src/drawing/ticks.ts";

Deno.test("ticks: round numbers within the range, with equal digits", () => {
  const cases: [low: number, high: number, most: number, want: string][] = [
    [0, 3.27, 5, "0 1 2 3"],
    [0, 3.27, 2, "0 2"],
    [-1, 1, 5, "-1.0 -0.5 0 0.5 1.0"],
    [-0.36, 0.36, 3, "-0.2 0 0.2"],
    [0.1, 0.3, 5, "0.10 0.15 0.20 0.25 0.30"],
    [0.91, 0.93, 3, "0.91 0.92 0.93"],
    [1000, 1010, 3, "1000 1005 1010"],
    [0, 123456, 3, "0 5e4 1e5"],
    [0, 1e-6, 3, "0 5e-7 1e-6"],
    [5, 5, 3, "5"],
    [-0, 0, 3, "0"],
  ];
  for (const [low, high, most, want] of cases) {
    const marks = ticks(low, high, most);
    assert.equal(marks.map(({ label }) => label).join(" "), want);
    for (const { value, label } of marks) {
      assert(Math.abs(value - Number(label)) <= 1e-9 * Math.abs(high));
    }
  }
});

Deno.test("ticks: never more than asked for, nor outside", () => {
  for (let i = 0; i < 2000; i++) {
    const low = Math.sin(i) * 10 ** (i % 17 - 8);
    const high = low + (1.01 + Math.cos(7 * i)) * 10 ** (i % 11 - 5);
    for (const most of [2, 3, 5]) {
      const marks = ticks(low, high, most);
      assert(marks.length <= most);
      const slack = 1e-5 * (high - low);
      assert(
        marks.every(({ value }) =>
          value >= low - slack && value <= high + slack
        ),
      );
    }
  }
});
