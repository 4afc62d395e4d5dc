/**
 * Cutting a plan where somebody wants to look at a value before the pass goes on.
 *
 * @module
 */

import { readBy, type Step, type Value } from "./plan.ts";

/** Steps that run in one go. */
export interface Segment {
  readonly steps: readonly Step[];
  /** Values that were there before. */
  readonly inputs: readonly Value[];
  /** Values that somebody needs afterwards. */
  readonly outputs: readonly Value[];
  /** Of the inputs, those that nobody needs afterwards. */
  readonly dead: readonly Value[];
}

/**
 * Cuts a plan behind each of the stops. A step that computes nothing, but gives a hook an input of
 * its own, is a segment by itself.
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
