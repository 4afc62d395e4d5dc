/**
 * Segments of a plan: between two of them a hook sees a value before the pass goes on.
 *
 * @module
 */

import { readBy, type Step, type Value } from "./plan.ts";

/** Steps that run in one go. */
export interface Segment {
  readonly steps: readonly Step[];
  /** Values from before it. */
  readonly inputs: readonly Value[];
  /** Values that are needed after it. */
  readonly outputs: readonly Value[];
  /** The inputs that aren't needed after it. */
  readonly dead: readonly Value[];
}

/**
 * Cuts a plan after each of the stops. A `passThrough` step, the input of a pre-hook, is a segment of
 * its own.
 */
export function cutSegments(
  steps: readonly Step[],
  stops: ReadonlySet<Value>,
): Segment[] {
  const segments: Step[][] = [[]];
  for (const step of steps) {
    const alone = step.operation.kind === "passThrough";
    if (alone) segments.push([]);
    segments.at(-1)!.push(step);
    if (alone || stops.has(step.output)) segments.push([]);
  }
  return segments.filter(({ length }) => length > 0).map(segmentOf);
}

function segmentOf(steps: readonly Step[]): Segment {
  const made = new Set(steps.map(({ output }) => output));
  const dead = new Set(steps.flatMap(({ dead }) => dead));
  const inputs = new Set(steps.flatMap(readBy).filter((v) => !made.has(v)));
  return {
    steps,
    inputs: [...inputs],
    outputs: [...made].filter((value) => !dead.has(value)),
    dead: [...inputs].filter((value) => dead.has(value)),
  };
}
