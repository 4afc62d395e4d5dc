/**
 * The threads that compute: each takes chunks of the current job for as long as it lives.
 *
 * @module
 */

import { startThread } from "../runtime/thread.ts";

/**
 * Words of the memory by which the threads coordinate. Jobs run in turn: the thread that ends a
 * job's last chunk opens the next job, so no thread has to be woken or waited for in between.
 */
export const control = {
  /** Chunks of the current job that are still to be taken; {@linkcode allDone} after the last job. */
  remaining: 0,
  /** Finished chunks of the current job. */
  done: 1,
  /** The current job's number, and the number of jobs. */
  job: 2,
  jobs: 3,
  /** Threads that sleep on `remaining`, the caller included. */
  sleeping: 4,
  /** Threads that ended with an error. */
  failed: 5,
  /** 1 when the threads are given up and must take no more chunks. */
  over: 6,
  /** The jobs begin here; each has its task's number, its chunks and its descriptor. */
  table: 7,
  jobWords: 3,
  /** The most jobs that fit. */
  maxJobs: 512,
} as const;

/** The value of `remaining` when all jobs are done. */
export const allDone = -1;

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

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  readonly names: readonly string[];
  readonly thread: number;
}

/** How often a thread looks at `remaining` before it sleeps: longer than a job's last chunks take. */
export const spins = 20_000;

const threadText = `
const at = ${JSON.stringify(control)};
const pause = Atomics.pause ?? (() => {});
listen(({ module, memory, words, names, thread }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const tasks = names.map((name) => exports[name]);
  const endChunk = (job, chunks) => {
    if (Atomics.add(words, at.done, 1) + 1 < chunks) return;
    words[at.done] = 0;
    words[at.job] = ++job;
    const next = job < words[at.jobs] ? words[at.table + at.jobWords * job + 1] : ${allDone};
    Atomics.store(words, at.remaining, next);
    if (Atomics.load(words, at.sleeping) > 0) Atomics.notify(words, at.remaining);
  };
  for (let idle = 0; !Atomics.load(words, at.over);) {
    const remaining = Atomics.load(words, at.remaining);
    if (remaining <= 0) {
      if (idle++ < ${spins}) { pause(); continue; }
      Atomics.add(words, at.sleeping, 1);
      Atomics.wait(words, at.remaining, remaining);
      Atomics.sub(words, at.sleeping, 1);
      idle = 0;
      continue;
    }
    if (Atomics.compareExchange(words, at.remaining, remaining, remaining - 1) !== remaining) continue;
    const job = words[at.job], entry = at.table + at.jobWords * job;
    try {
      tasks[words[entry]](words[entry + 2], remaining - 1, thread);
    } catch (error) {
      Atomics.add(words, at.failed, 1);
      Atomics.notify(words, at.remaining);
      throw error;
    }
    endChunk(job, words[entry + 1]);
    idle = 0;
  }
});
`;

/** Starts a thread that joins in as soon as it is up; nobody waits for that. */
export const startKernelThread: StartKernelThread = (start, onError) => {
  const thread = startThread(threadText, { onError });
  thread.post(start);
  thread.unref();
  return thread;
};
