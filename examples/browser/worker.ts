/// <reference lib="webworker" />
/**
 * The web worker: it runs one order after another, so that the page stays responsive.
 *
 * @module
 */

import type { Order, Progress, Report, Tasks } from "./protocol.ts";
import { makeTasks } from "./tasks.ts";

/** Controllers of the orders that wait or run. */
const open = new Map<number, AbortController>();
let last: Promise<unknown> = Promise.resolve();

const post = (report: Report, transfer: Transferable[] = []) =>
  (self as unknown as DedicatedWorkerGlobalScope).postMessage(report, transfer);

let running: { id: number; signal: AbortSignal } | undefined;
const tasks: Tasks = makeTasks({
  get signal() {
    return running!.signal;
  },
  progress: (progress: Progress) => post({ id: running!.id, progress }),
});

async function run(
  { id, task, args }: Extract<Order, { id: number }>,
  { signal }: AbortController,
): Promise<void> {
  running = { id, signal };
  try {
    signal.throwIfAborted();
    const work = tasks[task] as (...args: unknown[]) => Promise<unknown>;
    const result = await work(...args);
    const { data } = (result ?? {}) as { data?: Float32Array<ArrayBuffer> };
    post({ id, result }, data ? [data.buffer] : []);
  } catch (thrown) {
    const { name, message } = thrown instanceof Error
      ? thrown
      : new Error(String(thrown));
    post({ id, error: { name, message } });
  } finally {
    open.delete(id);
  }
}

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if ("cancel" in data) {
    open.get(data.cancel)?.abort();
    return;
  }
  const controller = new AbortController();
  open.set(data.id, controller);
  // Yields before each order, so that a cancellation that has arrived comes first.
  last = last.then(() => new Promise((resolve) => setTimeout(resolve)))
    .then(() => run(data, controller));
});
