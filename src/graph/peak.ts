/**
 * The memory of a pass, before anything is computed.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import type { Kernels, PassMemory } from "../kernels/kernels.ts";
import type { Value } from "./plan.ts";
import type { Segment } from "./segments.ts";

/** Measures a segment for inputs of these shapes. */
export type Measure = (
  segment: Segment,
  shapes: readonly (readonly number[])[],
) => PassMemory;

/** The bytes of each block of memory that a pass takes besides its input. */
export interface Peak {
  /** Once. */
  readonly kept: readonly number[];
  /** In each run, when it takes the most. */
  readonly run: readonly number[];
}

const bytesOf = (shape: readonly number[]) => 4 * product(shape);
const product = (numbers: readonly number[]) =>
  numbers.reduce((a, b) => a * b, 1);
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** The memory of segments that run in turn, from a value of this shape. */
export function peakOf(
  segments: readonly Segment[],
  given: Value,
  shape: readonly number[],
  measure: Measure,
): Peak {
  const shapes = new Map([[given, shape]]);
  const live = new Map<Value, number>();
  const kept: number[] = [];
  let run: number[] = [];
  for (const segment of segments) {
    const inputs = segment.inputs.map((name) => shapes.get(name)!);
    const [{ operation, output }] = segment.steps;
    if (operation.kind === "passThrough") {
      // It shares its input's memory.
      shapes.set(output, inputs[0]);
      live.set(output, live.get(segment.inputs[0]) ?? 0);
      live.set(segment.inputs[0], 0);
    } else {
      const memory = measure(segment, inputs);
      kept.push(...memory.kept);
      const now = [...live.values(), ...memory.peak];
      if (sum(now) > sum(run)) run = now;
      segment.outputs.forEach((name, i) => {
        shapes.set(name, memory.outputs[i]);
        live.set(name, bytesOf(memory.outputs[i]));
      });
    }
    for (const name of segment.dead) live.delete(name);
  }
  return { kept, run };
}

/** The error for an input that takes more memory than there is. */
export function tooLarge(
  shape: readonly number[],
  needed: number,
  kernels: Kernels,
  peak: (shape: readonly number[]) => Peak,
): RangeError {
  const [batch, ...image] = shape;
  let fits = 0, tooMany = batch;
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    const input = [middle, ...image];
    const { kept, run } = peak(input);
    if (kernels.hasRoom([bytesOf(input), ...kept, ...run])) fits = middle;
    else tooMany = middle;
  }
  const gigabytes = (needed / 1e9).toFixed(2);
  return new RangeError(expected(
    "",
    "an input that fits into WebAssembly's memory (4 GiB, at most 2 GiB in one piece)",
    asIs(`[${shape.join(", ")}], which takes ${gigabytes} GB to compute`),
    fits > 0
      ? `the largest batch of this size that fits is ${fits}`
      : "not even a batch of 1 fits, so make it smaller",
  ));
}
