/**
 * The queue of tasks; tasks with the same key run as one batch.
 *
 * @module
 */

import type { BatchReport, Outcome } from "./engine.ts";
import { batchKey, type Task } from "./task.ts";
import { untilAborted } from "./time_limit.ts";

/** The result of a task, and the milliseconds of its stages. */
export interface Completion {
  readonly outcome: Outcome;
  readonly timings: Readonly<Record<string, number>>;
}

interface Waiting {
  readonly task: Task;
  readonly key: string;
  readonly since: number;
  resolve(completion: Completion): void;
  reject(reason: unknown): void;
}

/** Runs one batch at a time: the oldest task, and others with its key. */
export class Batcher {
  readonly #waiting = new Set<Waiting>();
  #isRunning = false;
  /** Recent milliseconds per picture. */
  #pace = 100;

  /**
   * @param run Runs tasks of one key.
   * @param batchSize The most pictures in a batch, unless one task has more.
   */
  constructor(
    readonly run: (tasks: readonly Task[]) => Promise<BatchReport>,
    readonly batchSize: number,
  ) {}

  /** Number of tasks in the queue. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Estimated seconds until the queue is empty, at least 1. */
  get seconds(): number {
    const ms = this.#pace * pictureCount([...this.#waiting]);
    return Math.max(1, Math.ceil(ms / 1000));
  }

  /**
   * Queues a task and waits for its result.
   *
   * @param signal Removes the task from the queue; the result of a running one is dropped.
   * @throws The signal's reason, or what running the batch throws.
   */
  async submit(task: Task, signal: AbortSignal): Promise<Completion> {
    signal.throwIfAborted();
    const { promise, ...settle } = deferred<Completion>();
    const since = performance.now();
    const entry = { task, key: batchKey(task), since, ...settle };
    this.#waiting.add(entry);
    this.#start();
    try {
      return await untilAborted(promise, signal);
    } finally {
      this.#waiting.delete(entry);
    }
  }

  async #start(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#waiting.size > 0) await this.#runBatch(this.#takeBatch());
    this.#isRunning = false;
  }

  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    let pictures = 0;
    for (const entry of this.#waiting) {
      const size = entry.task.pictures.length;
      if (batch.length > 0) {
        if (entry.key !== batch[0].key) continue;
        if (pictures + size > this.batchSize) break;
      }
      this.#waiting.delete(entry);
      batch.push(entry);
      pictures += size;
    }
    return batch;
  }

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    const start = performance.now();
    try {
      const { outcomes, timings } = await this.run(batch.map((e) => e.task));
      batch.forEach(({ resolve, since }, i) =>
        resolve({
          outcome: outcomes[i],
          timings: { queue: start - since, ...timings },
        })
      );
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    const ms = (performance.now() - start) / pictureCount(batch);
    this.#pace = 0.8 * this.#pace + 0.2 * ms;
  }
}

function pictureCount(entries: readonly Waiting[]): number {
  return entries.reduce((sum, { task }) => sum + task.pictures.length, 0);
}

/** `Promise.withResolvers()`, which Node 20 lacks. */
function deferred<T>() {
  let resolve = (_: T) => {}, reject = (_: unknown) => {};
  const promise = new Promise<T>((...both) => [resolve, reject] = both);
  return { promise, resolve, reject };
}
