/**
 * A turn of the event loop for others, in the middle of work that never waits.
 *
 * @module
 */

import { isWorkerd } from "./which.ts";

const { setImmediate } = globalThis as {
  setImmediate?(callback: () => void): void;
};

/**
 * Lets everything run that is due: timers, messages, and what V8 clears away between tasks.
 *
 * In Deno and Node; elsewhere it returns at once. In `workerd` a timer ends with the request that
 * started it, so another request that waits for it would hang.
 */
export async function turn(): Promise<void> {
  if (!setImmediate || isWorkerd()) return;
  await new Promise<void>((resolve) => setImmediate(resolve));
}
