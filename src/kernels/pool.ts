/**
 * Running jobs, alone or with threads.
 *
 * A job is a task cut into chunks. Each free thread takes the next chunk: the caller from the start,
 * the others once they are awake. The thread that ends a job's last chunk opens the next job. So
 * nobody waits for a thread that sleeps, starts or has no core, only for chunks that are under way.
 * Calls are synchronous, so two models, or a call inside a hook, take turns. Only filters are loaded
 * while the caller goes on: see `start`.
 *
 * @module
 */

import type { Block, Heap } from "./heap.ts";
import { type Fields, type TaskName, taskNames, tasks } from "./tasks.ts";
import { warnOnConsole } from "../errors/printable.ts";
import { canSleep, pause } from "../runtime/atomics.ts";
import { allDone, control, spins } from "./kernel_loop.ts";
import {
  controlWords,
  endKernelThreads,
  isUp,
  type KernelThread,
  runningThreads,
  type StartKernelThread,
  startKernelThread,
} from "./kernel_thread.ts";

type Task = (descriptor: number, chunk: number, thread: number) => void;

/** A task with all of its chunks. */
export interface Job {
  readonly task: TaskName;
  readonly chunks: number;
  /** The address of its descriptor. */
  readonly descriptor: number;
}

/** Options of a pool; all but `words` are for tests. */
export interface PoolOptions {
  /** From `controlWords`, if somebody else can end the threads by it. Default: its own. */
  readonly words?: Int32Array;
  /** Starts a thread. */
  readonly start?: StartKernelThread;
  /** Milliseconds after which threads that end no chunk are given up. Default 5000. */
  readonly patience?: number;
}

/** How many threads compute. */
export interface ThreadStatus {
  readonly running: number;
  /** Why no more do. */
  readonly why: string;
}

/** Runs jobs on one heap. */
export class Pool {
  readonly #heap: Heap;
  readonly #tasks: Readonly<Record<TaskName, Task>>;
  readonly #words: Int32Array;
  readonly #descriptor: Block;
  readonly #patience: number;
  /** By their numbers, from 1. */
  readonly #threads = new Map<number, KernelThread>();
  #why: string | undefined;
  /** What `start` started. */
  #started: { jobs: readonly Job[]; end: () => void } | undefined;

  /** @param threads The caller included; more than one takes a shared heap. */
  constructor(
    heap: Heap,
    module: WebAssembly.Module,
    threads: number,
    { start = startKernelThread, patience = 5_000, words }: PoolOptions = {},
  ) {
    this.#patience = patience;
    const { memory } = heap;
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    this.#heap = heap;
    this.#tasks = instance.exports as unknown as Record<TaskName, Task>;
    const longest = Math.max(...taskNames.map((name) => tasks[name].length));
    this.#descriptor = heap.allocate(4 * longest);
    this.#words = words ?? controlWords(heap.shared);
    if (!heap.shared) return;
    for (let thread = 1; thread < threads; thread++) {
      const from = { module, memory, words: this.#words, names: taskNames };
      try {
        this.#threads.set(
          thread,
          start({ ...from, thread }, (error) => this.#lose(thread, error)),
        );
        Atomics.or(this.#words, control.asked, 1 << thread);
      } catch (error) {
        this.#warn(error);
      }
    }
  }

  /** One more than the greatest number of a thread; the caller's is 0. */
  get threads(): number {
    return Math.max(0, ...this.#threads.keys()) + 1;
  }

  /** Threads that are up, the caller included, and why others aren't. */
  get status(): ThreadStatus {
    const why = this.#why ?? "its other threads are still starting";
    return { running: runningThreads(this.#words), why };
  }

  /**
   * Gives jobs to the other threads, if there are any, and returns. Everything else that the pool is
   * asked for ends them first.
   *
   * @param end Called when the jobs are done; frees what they work on.
   */
  start(jobs: readonly Job[], end: () => void): void {
    this.finish();
    this.#started = { jobs, end };
    if (this.#threads.size > 0) this.#openAll(jobs);
    else this.finish();
  }

  /** Ends what `start` started. */
  finish(): void {
    if (!this.#started) return;
    const { jobs, end } = this.#started;
    this.#started = undefined;
    try {
      if (this.#threads.size > 0) this.#endAll(jobs);
      else this.#runAlone(jobs);
    } finally {
      end();
    }
  }

  /** Runs all chunks of one task. */
  run<T extends TaskName>(task: T, chunks: number, fields: Fields<T>): void {
    this.finish();
    const descriptor = this.#descriptor.address;
    describe(this.#heap, descriptor, task, fields);
    this.runAll([{ task, chunks, descriptor }]);
  }

  /** Runs jobs in turn. Their descriptors must have been written. */
  runAll(jobs: readonly Job[]): void {
    this.finish();
    const { maxJobs } = control;
    for (let first = 0; first < jobs.length; first += maxJobs) {
      const some = jobs.length > maxJobs
        ? jobs.slice(first, first + maxJobs)
        : jobs;
      const together = this.#threads.size > 0 &&
        some.some(({ chunks }) => chunks > 1);
      if (together) {
        this.#openAll(some);
        this.#endAll(some);
      } else this.#runAlone(some);
    }
  }

  /** Ends the threads and frees the pool's memory. */
  dispose(): void {
    this.finish();
    this.#endThreads();
    this.#descriptor.free();
  }

  #runAlone(jobs: readonly Job[]): void {
    for (const { task, chunks, descriptor } of jobs) {
      const run = this.#tasks[task];
      for (let chunk = 0; chunk < chunks; chunk++) run(descriptor, chunk, 0);
    }
  }

  /** Lets all threads run jobs in turn. */
  #openAll(jobs: readonly Job[]): void {
    this.#requireAlive();
    const words = this.#words;
    let at: number = control.table;
    for (const { task, chunks, descriptor } of jobs) {
      words[at++] = taskNumbers[task];
      words[at++] = chunks;
      words[at++] = descriptor;
    }
    words[control.job] = 0;
    words[control.jobs] = jobs.length;
    this.#open(jobs[0].chunks);
  }

  /** Runs what is left of jobs that are open. */
  #endAll(jobs: readonly Job[]): void {
    try {
      if (this.#work(jobs)) return;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
    this.#requireAlive();
    this.#giveUp("a thread didn't finish a chunk");
    // No chunk reads what its task writes, so all chunks of a job can run again.
    this.#runAlone(jobs.slice(this.#words[control.job]));
  }

  /** Lets all threads take chunks. */
  #open(chunks: number): void {
    const words = this.#words;
    words[control.done] = 0;
    Atomics.store(words, control.remaining, chunks);
    if (Atomics.load(words, control.sleeping) > 0) {
      Atomics.notify(words, control.remaining);
    }
  }

  /** Takes chunks until all jobs are done. False if a thread failed or is stuck. */
  #work(jobs: readonly Job[]): boolean {
    const words = this.#words, { remaining } = control;
    for (let idle = 0;;) {
      const left = Atomics.load(words, remaining);
      if (left < 0) return left === allDone;
      if (left === 0) {
        if (idle++ < spins) pause();
        else if (!this.#othersEnd()) return false;
        continue;
      }
      const before = Atomics.compareExchange(words, remaining, left, left - 1);
      if (before !== left) continue; // Another thread was faster.
      const number = words[control.job];
      const { task, chunks, descriptor } = jobs[number];
      this.#tasks[task](descriptor, left - 1, 0);
      if (Atomics.add(words, control.done, 1) + 1 === chunks) {
        words[control.job] = number + 1;
        this.#open(jobs[number + 1]?.chunks ?? allDone);
      }
      idle = 0;
    }
  }

  /** Waits until the other threads have ended their chunks. False if one failed or is stuck. */
  #othersEnd(): boolean {
    const words = this.#words;
    let last = -1, since = 0;
    while (Atomics.load(words, control.remaining) === 0) {
      if (Atomics.load(words, control.failed) > 0) return false;
      const done = Atomics.load(words, control.done);
      const now = performance.now();
      if (done !== last) [last, since] = [done, now];
      else if (now - since > this.#patience) return false;
      if (!canSleep) continue;
      Atomics.add(words, control.sleeping, 1);
      Atomics.wait(words, control.remaining, 0, 100);
      Atomics.sub(words, control.sleeping, 1);
    }
    return true;
  }

  /** Goes on without a thread. If it was up, the chunk that it had taken is lost with it. */
  #lose(thread: number, error: unknown): void {
    if (isUp(this.#words, thread)) return this.#giveUp(error);
    Atomics.and(this.#words, control.asked, ~(1 << thread));
    if (this.#threads.delete(thread)) this.#warn(error);
  }

  /** @throws {Error} If somebody else has ended the threads, and with them this pass. */
  #requireAlive(): void {
    if (Atomics.load(this.#words, control.over)) {
      throw new Error("the kernels were ended");
    }
  }

  #giveUp(reason: unknown): void {
    if (this.#threads.size === 0) return;
    this.#endThreads();
    this.#warn(reason);
  }

  #warn(reason: unknown): void {
    const first = this.#why === undefined;
    this.#why = `${(reason as { message?: string })?.message ?? reason}`;
    const left = this.#threads.size > 0 ? "fewer threads" : "one thread";
    if (first) warnOnConsole(`kernels: continuing with ${left}: ${this.#why}`);
  }

  #endThreads(): void {
    endKernelThreads(this.#words);
    for (const thread of this.#threads.values()) thread.terminate();
    this.#threads.clear();
  }
}

/** Writes a descriptor. */
export function describe<T extends TaskName>(
  { words, floats }: Heap,
  address: number,
  task: T,
  fields: Fields<T>,
): void {
  const names: readonly (keyof Fields<T>)[] = tasks[task];
  names.forEach((name, i) => {
    const view = name === "low" ? floats : words;
    view[address / 4 + i] = fields[name];
  });
}

const taskNumbers = Object.fromEntries(
  taskNames.map((name, i) => [name, i]),
) as Record<TaskName, number>;
