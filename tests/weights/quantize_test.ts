/** int8 quantisation: what its numbers promise. */

import assert from "node:assert/strict";
import { quantizeInt8, stepFor } from "../../src/weights/quantize.ts";
import { scaledRowsToFloat32 } from "../../src/weights/scaled_rows.ts";
import { uniform } from "../support/uniform.ts";

const shape = [4, 16, 3, 3];
const length = 16 * 9;
const filter = uniform("filter", 4 * length);
const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b);

Deno.test("the step is the scale, in root mean squares of each channel", () => {
  const values = filter.map((v, i) => v * 10 ** Math.floor(i / length));
  const { factors: scale } = quantizeInt8(values, shape, 0.1);
  scale.forEach((scale, c) => {
    const channel = values.subarray(c * length, (c + 1) * length);
    const rms = Math.sqrt(sum(channel.map((v) => v * v)) / length);
    assert.ok(Math.abs(scale / rms - 0.1) < 1e-6, `${c}`);
  });
});

Deno.test("8 bits hold the largest value, however small the step", () => {
  const { values: data, factors: scale } = quantizeInt8(filter, shape, 1e-9);
  const values = scaledRowsToFloat32({ values: data, factors: scale });
  for (let c = 0; c < 4; c++) {
    const of = <T extends Float32Array | Int8Array>(all: T) =>
      [...all.subarray(c * length, (c + 1) * length)].map(Math.abs);
    assert.ok(Math.max(...of(data)) >= 126);
    const max = Math.max(...of(filter));
    assert.ok(Math.abs(Math.max(...of(values)) - max) <= scale[c] * 1.001);
  }
});

Deno.test("errors cancel within each kernel and each channel", () => {
  const step = 0.2;
  const { values: data, factors: scale } = quantizeInt8(filter, shape, step);
  const error = filter.map((value, i) =>
    data[i] - value / scale[Math.floor(i / length)]
  );
  const rounded = filter.map((value, i) => {
    const quotient = value / scale[Math.floor(i / length)];
    return Math.round(quotient) - quotient;
  });
  const squaredSums = (errors: Float32Array, size: number) => {
    let total = 0;
    for (let at = 0; at < errors.length; at += size) {
      total += sum(errors.subarray(at, at + size)) ** 2;
    }
    return total;
  };
  assert.ok(squaredSums(error, 9) < 0.6 * squaredSums(rounded, 9));
  assert.ok(squaredSums(error, length) < 0.3 * squaredSums(rounded, length));
  // No value moves far.
  assert.ok(error.every((e) => Math.abs(e) < 2));
});

Deno.test("linear layers, channels of zeros and subnormal values", () => {
  const values = uniform("linear", 3 * 50);
  values.fill(0, 50, 100);
  values.fill(1.9e-43, 100, 150);
  const { values: data, factors: scale } = quantizeInt8(values, [3, 50], 0.1);
  assert.equal(scale[1], 0);
  assert.deepEqual(data.subarray(50, 100), new Int8Array(50));
  const linear = [...data.subarray(0, 50)].map((q, i) =>
    q * scale[0] - values[i]
  );
  assert.ok(Math.abs(sum(linear)) <= scale[0]);
  const subnormal = scaledRowsToFloat32({ values: data, factors: scale })
    .subarray(
      100,
    );
  assert.ok(subnormal.every((value) => Math.abs(value / 1.9e-43 - 1) < 0.1));
});

Deno.test("a larger tensor takes a larger step; the whole network's squares are the same", () => {
  assert.equal(stepFor(100, 100), 0.35);
  assert.equal(stepFor(25, 100), 0.175);
});
