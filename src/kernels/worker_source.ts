/**
 * The text of our threads: they take chunks of whatever job is on, as long as they live.
 *
 * @module
 */

/**
 * Words of the memory by which threads agree. Jobs are done in turn: whoever ends a job's last
 * chunk opens the next job, so that nobody has to be woken or waited for between them.
 */
export const control = {
  /**
   * Chunks of the current job that nobody has taken yet. Taking one is counting it down. Below 0
   * when all jobs are done.
   */
  remaining: 0,
  /** Chunks of the current job that are done. */
  done: 1,
  /** The current job, and how many there are. */
  job: 2,
  jobs: 3,
  /** Threads that sleep on `remaining`, the calling one included. */
  sleeping: 4,
  /** Threads that met an error, and ended. */
  failed: 5,
  /** 1 when the threads have been given up: they must take no more. */
  over: 6,
  /** Here the jobs are: for each its task's place in the list of names, chunks, and descriptor. */
  table: 7,
  jobWords: 3,
  /** Jobs that the table has room for. */
  maxJobs: 512,
} as const;

/** `remaining` when all jobs are done. */
export const allDone = -1;

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  readonly names: readonly string[];
  readonly thread: number;
}

/** Looks at `remaining` that often before it sleeps: longer than a job's last chunks take. */
export const spins = 20_000;

/** The thread's program; `listen` calls back with the one message that it gets. */
export const threadSource: string = `
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
