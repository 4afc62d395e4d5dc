/**
 * Tasks that wait while others run; those of one kind go together.
 *
 * @module
 */

import type { BatchReport, Outcome } from "./engine.ts";
import { batchKey, type Task } from "./task.ts";

/** What a task came to, and how long it took, in milliseconds. */
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

/** Runs one batch at a time, the oldest task first, with what waits of the same key. */
export class Batcher {
  readonly #waiting = new Set<Waiting>();
  #isRunning = false;
  /** Milliseconds for a picture, lately. */
  #pace = 100;

  /**
   * @param run Runs tasks of one key.
   * @param batchSize The most pictures in a batch, except for a task that has more.
   */
  constructor(
    readonly run: (tasks: readonly Task[]) => Promise<BatchReport>,
    readonly batchSize: number,
  ) {}

  /** Tasks that don't run yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Seconds until what waits now will be done, as far as one can tell; at least 1. */
  get seconds(): number {
    const pictures = [...this.#waiting]
      .reduce((sum, { task }) => sum + task.pictures.length, 0);
    return Math.max(1, Math.ceil(pictures * this.#pace / 1000));
  }

  /**
   * Runs a task when its turn comes.
   *
   * @param signal Takes it out of the queue; one that runs already runs on, for nobody.
   * @throws The signal's reason, or what running its batch throws.
   */
  submit(task: Task, signal: AbortSignal): Promise<Completion> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const since = performance.now();
      const entry = { task, key: batchKey(task), since, resolve, reject };
      this.#waiting.add(entry);
      signal.addEventListener("abort", () => {
        this.#waiting.delete(entry);
        reject(signal.reason);
      }, { once: true });
      this.#start();
    });
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
    const pictures = batch
      .reduce((sum, { task }) => sum + task.pictures.length, 0);
    const ms = (performance.now() - start) / pictures;
    this.#pace = 0.8 * this.#pace + 0.2 * ms;
  }
}
