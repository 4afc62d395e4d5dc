/**
 * Running tasks, alone or with threads.
 *
 * A task is cut into chunks, and whoever is free takes the next: the calling thread from the
 * start, the others when they have woken up. So nobody waits for a thread that sleeps, starts or
 * doesn't get a core, only for chunks that a thread has begun. Calls are synchronous, so two models
 * or a call inside a hook simply take turns.
 *
 * @module
 */

import type { Block, Heap } from "./heap.ts";
import { type Fields, type TaskName, taskNames, tasks } from "./tasks.ts";
import { startThread, type Thread } from "./threads.ts";
import { control } from "./worker_source.ts";

type Task = (descriptor: number, chunk: number, thread: number) => void;

/** Looks at `done` that often before it sleeps. */
const spins = 20_000;

/** What a test may change. */
export interface PoolOptions {
  /** How a thread is started. */
  readonly start?: typeof startThread;
  /** Threads that end no chunk for so many milliseconds are given up. Default 5000. */
  readonly patience?: number;
}

/** Runs tasks on one heap. */
export class Pool {
  readonly #heap: Heap;
  readonly #tasks: Readonly<Record<TaskName, Task>>;
  readonly #words: Int32Array;
  readonly #descriptor: Block;
  readonly #patience: number;
  #threads: Thread[] = [];

  /** @param threads The calling one included; more than one need a shared heap. */
  constructor(
    heap: Heap,
    module: WebAssembly.Module,
    threads: number,
    { start = startThread, patience = 5_000 }: PoolOptions = {},
  ) {
    this.#patience = patience;
    const { memory } = heap;
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    this.#heap = heap;
    this.#tasks = instance.exports as unknown as Record<TaskName, Task>;
    const longest = Math.max(...taskNames.map((name) => tasks[name].length));
    this.#descriptor = heap.allocate(4 * longest);
    const bytes = 4 * control.length;
    this.#words = new Int32Array(
      heap.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes),
    );
    if (!heap.shared) return;
    for (let thread = 1; thread < threads; thread++) {
      this.#threads.push(start(
        { module, memory, words: this.#words, names: taskNames, thread },
        (error) => this.#giveUp(error),
      ));
    }
  }

  /** Threads that may compute, the calling one included. */
  get threads(): number {
    return this.#threads.length + 1;
  }

  /** Runs all chunks of a task. */
  run<T extends TaskName>(task: T, chunks: number, fields: Fields<T>): void {
    this.#describe(task, fields);
    if (chunks > 1 && this.#threads.length > 0) {
      this.#runTogether(task, chunks);
    } else this.#runAlone(task, chunks);
  }

  /** Ends the threads and frees what the pool has of the heap. */
  dispose(): void {
    this.#endThreads();
    this.#descriptor.free();
  }

  #describe<T extends TaskName>(task: T, fields: Fields<T>): void {
    const names: readonly (keyof Fields<T>)[] = tasks[task];
    const { words, floats } = this.#heap;
    const start = this.#descriptor.address / 4;
    names.forEach((name, i) => {
      const view = name === "low" ? floats : words;
      view[start + i] = fields[name];
    });
  }

  #runAlone(task: TaskName, chunks: number): void {
    const run = this.#tasks[task], { address } = this.#descriptor;
    for (let chunk = 0; chunk < chunks; chunk++) run(address, chunk, 0);
  }

  #runTogether(task: TaskName, chunks: number): void {
    const words = this.#words;
    const run = this.#tasks[task], { address } = this.#descriptor;
    words[control.task] = taskNames.indexOf(task);
    words[control.descriptor] = address;
    Atomics.store(words, control.done, 0);
    Atomics.store(words, control.remaining, chunks);
    if (Atomics.load(words, control.sleeping) > 0) {
      Atomics.notify(words, control.remaining);
    }
    try {
      this.#takeChunks((chunk) => run(address, chunk, 0));
    } catch (error) {
      Atomics.store(words, control.remaining, 0);
      this.#giveUp(error);
      throw error;
    }
    if (this.#allDone(chunks)) return;
    this.#giveUp("a thread began a chunk and didn't end it");
    // Chunks read nothing that the task writes, so that all of them can be run again.
    this.#runAlone(task, chunks);
  }

  /** Takes chunks as long as there are any. */
  #takeChunks(run: (chunk: number) => void): void {
    const words = this.#words, { remaining } = control;
    for (let left; (left = Atomics.load(words, remaining)) > 0;) {
      const before = Atomics.compareExchange(
        words,
        remaining,
        left,
        left - 1,
      );
      if (before !== left) continue; // Another thread was faster.
      run(left - 1);
      Atomics.add(words, control.done, 1);
    }
  }

  /** Waits until all chunks are done, or a thread has failed or makes nothing any more. */
  #allDone(chunks: number): boolean {
    const words = this.#words;
    for (let spin = 0; spin < spins; spin++) {
      if (Atomics.load(words, control.done) === chunks) return true;
    }
    let last = -1, since = 0;
    for (;;) {
      const done = Atomics.load(words, control.done);
      if (done === chunks) return true;
      if (Atomics.load(words, control.failed) > 0) return false;
      const now = performance.now();
      if (done !== last) [last, since] = [done, now];
      else if (now - since > this.#patience) return false;
      if (!mayWait) continue;
      Atomics.store(words, control.callerSleeps, 1);
      Atomics.wait(words, control.done, done, 100);
      Atomics.store(words, control.callerSleeps, 0);
    }
  }

  #giveUp(reason: unknown): void {
    if (this.#threads.length === 0) return;
    this.#endThreads();
    const why = (reason as { message?: string })?.message ?? reason;
    console.warn(`kernels: going on with one thread: ${why}`);
  }

  #endThreads(): void {
    for (const thread of this.#threads) thread.terminate();
    this.#threads = [];
  }
}

/** False on a web page's main thread, which spins instead. */
const mayWait: boolean = (() => {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
})();
