/**
 * Starting and ending the threads that compute.
 *
 * @module
 */

import {
  startFileThread,
  startThread,
  type Thread,
  threadsAreFiles,
} from "../runtime/thread.ts";
import {
  allDone,
  control,
  kernelLoop,
  spins,
  type ThreadStart,
} from "./kernel_loop.ts";

/** Makes that memory; a `SharedArrayBuffer` for threads. */
export function controlWords(shared: boolean): Int32Array {
  const bytes = 4 * (control.table + control.jobWords * control.maxJobs);
  return new Int32Array(
    shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes),
  );
}

/**
 * Ends the threads that work with this memory, whoever started them. Terminating a thread, or the
 * one that started it, doesn't wake it while it sleeps.
 */
export function endKernelThreads(words: Int32Array): void {
  Atomics.store(words, control.over, 1);
  // A thread that is about to sleep finds another value than it expects.
  Atomics.store(words, control.remaining, ended);
  if (words.buffer instanceof SharedArrayBuffer) {
    Atomics.notify(words, control.remaining);
  }
}

/**
 * Waits a moment, at most a second, until the threads that are to start have taken their message. Deno
 * never frees the memory in a message whose thread ends before that.
 */
export async function kernelThreadsUp(words: Int32Array): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const asked = Atomics.load(words, control.asked);
    if ((asked & ~Atomics.load(words, control.up)) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The value of `remaining` when the threads must end. */
const ended = -2;

/** A thread of a pool. */
export interface KernelThread {
  terminate(): unknown;
}

/** Starts a thread; `onError` is called if it can't start, or dies. */
export type StartKernelThread = (
  start: ThreadStart,
  onError: (error: unknown) => void,
) => KernelThread;

/** A thread's text. Bundlers that keep names call `__name`. */
const threadText = `
const __name = (named) => named;
(${kernelLoop})(listen, ${JSON.stringify(control)}, ${allDone}, ${spins});
`;

/** Whether a thread has started. */
export function isUp(words: Int32Array, thread: number): boolean {
  return (Atomics.load(words, control.up) >> thread & 1) === 1;
}

/** How many threads compute, the caller included. */
export function runningThreads(words: Int32Array): number {
  if (Atomics.load(words, control.over)) return 1;
  let up = Atomics.load(words, control.up), count = 1;
  for (; up; up &= up - 1) count++;
  return count;
}

/** Starts a thread that joins in as soon as it is up; nobody waits for that. */
export const startKernelThread: StartKernelThread = (start, onError) => {
  let thread = begin(
    startThread(threadText, {
      onError(error) {
        if (isUp(start.words, start.thread) || !threadsAreFiles()) {
          return onError(error);
        }
        void thread.terminate();
        // Bundlers follow this form.
        const file = () =>
          new Worker(new URL("./kernel_worker.js", import.meta.url), {
            type: "module",
          });
        thread = begin(startFileThread(file, { onError }));
      },
    }),
  );
  function begin(thread: Thread): Thread {
    thread.post(start);
    thread.unref();
    return thread;
  }
  return { terminate: () => thread.terminate() };
};
