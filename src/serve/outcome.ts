/**
 * Tasks whose pictures are decoded, and what becomes of them.
 *
 * @module
 */

import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Outcome } from "./engine.ts";
import type { Task } from "./task.ts";

/** A task with its decoded pictures, `[H, W, 3]` each. */
export interface ReadyTask<T extends Task = Task> {
  readonly task: T;
  readonly inputs: readonly ShapedArray[];
}

/** The outcomes of tasks, in their order. */
export interface Answers {
  readonly answers: Outcome[];
  /** Milliseconds in the network. */
  readonly ms: number;
}

/** The outcome of a task whose results JSON and pictures can't hold. */
export const notFinite = (what: string): Outcome => ({
  status: 500,
  detail: `the network computes NaN or infinite ${what}; its weights may be ` +
    "damaged",
  isPublic: true,
});
