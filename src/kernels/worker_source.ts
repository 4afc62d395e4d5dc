/**
 * The text of our threads: they take chunks of whatever task there is, as long as they live.
 *
 * @module
 */

/** Words of the memory by which threads agree. */
export const control = {
  /** Chunks that nobody has taken yet. Taking one is counting it down. */
  remaining: 0,
  /** Chunks that are done. */
  done: 1,
  /** The task's place in the list of names. */
  task: 2,
  /** Where its descriptor stands. */
  descriptor: 3,
  /** Threads that sleep on `remaining`. */
  sleeping: 4,
  /** 1 while the caller sleeps on `done`. */
  callerSleeps: 5,
  /** Threads that met an error, and ended. */
  failed: 6,
  length: 7,
} as const;

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  readonly names: readonly string[];
  readonly thread: number;
}

/** Looks at `remaining` that often before it sleeps: longer than from one layer to the next. */
const spins = 20_000;

/** The thread's program; `listen` calls back with the one message that it gets. */
export const threadSource: string = `
const at = ${JSON.stringify(control)};
const pause = Atomics.pause ?? (() => {});
listen(({ module, memory, words, names, thread }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const tasks = names.map((name) => exports[name]);
  let idle = 0;
  for (;;) {
    const remaining = Atomics.load(words, at.remaining);
    if (remaining === 0) {
      if (idle++ < ${spins}) { pause(); continue; }
      Atomics.add(words, at.sleeping, 1);
      Atomics.wait(words, at.remaining, 0);
      Atomics.sub(words, at.sleeping, 1);
      idle = 0;
      continue;
    }
    if (Atomics.compareExchange(words, at.remaining, remaining, remaining - 1) !== remaining) continue;
    try {
      tasks[words[at.task]](words[at.descriptor], remaining - 1, thread);
    } catch (error) {
      Atomics.add(words, at.failed, 1);
      Atomics.notify(words, at.done);
      throw error;
    }
    Atomics.add(words, at.done, 1);
    if (Atomics.load(words, at.callerSleeps)) Atomics.notify(words, at.done);
    idle = 0;
  }
});
`;
