/**
 * What a kernel thread does: it takes chunks of the current job for as long as it lives.
 *
 * @module
 */

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
  /** A bit for each thread that has started. */
  up: 7,
  /** A bit for each thread that is to start. */
  asked: 8,
  /** The jobs begin here; each has its task's number, its chunks and its descriptor. */
  table: 9,
  jobWords: 3,
  /** The most jobs that fit. */
  maxJobs: 512,
} as const;

/** The value of `remaining` when all jobs are done. */
export const allDone = -1;

/** How often a thread looks at `remaining` before it sleeps: longer than a job's last chunks take. */
export const spins = 20_000;

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  readonly names: readonly string[];
  readonly thread: number;
}

/**
 * The thread's code. It is also sent as text, so it names nothing from outside.
 *
 * @param listen Takes the function that gets the thread's only message.
 */
export function kernelLoop(
  listen: (receive: (start: ThreadStart) => void) => void,
  at: typeof control,
  allDone: number,
  spins: number,
): void {
  const pause = (Atomics as { pause?(): void }).pause ?? (() => {});
  listen(({ module, memory, words, names, thread }) => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const tasks = names.map((name) => exports[name]) as ((
      ...args: number[]
    ) => void)[];
    Atomics.or(words, at.up, 1 << thread);
    const endChunk = (job: number, chunks: number) => {
      if (Atomics.add(words, at.done, 1) + 1 < chunks) return;
      words[at.done] = 0;
      words[at.job] = ++job;
      const next = job < words[at.jobs]
        ? words[at.table + at.jobWords * job + 1]
        : allDone;
      Atomics.store(words, at.remaining, next);
      if (Atomics.load(words, at.sleeping) > 0) {
        Atomics.notify(words, at.remaining);
      }
    };
    for (let idle = 0; !Atomics.load(words, at.over);) {
      const remaining = Atomics.load(words, at.remaining);
      if (remaining <= 0) {
        if (idle++ < spins) {
          pause();
          continue;
        }
        Atomics.add(words, at.sleeping, 1);
        Atomics.wait(words, at.remaining, remaining);
        Atomics.sub(words, at.sleeping, 1);
        idle = 0;
        continue;
      }
      const before = Atomics.compareExchange(
        words,
        at.remaining,
        remaining,
        remaining - 1,
      );
      if (before !== remaining) continue;
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
}
