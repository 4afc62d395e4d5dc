/// <reference lib="dom" />
/**
 * The page's side of the worker.
 *
 * @module
 */

import type { Order, Progress, Report, Tasks } from "./protocol.ts";

/** Options of a call. */
export interface CallOptions {
  /** Aborting it asks the worker to stop the task. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

interface Call extends CallOptions {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Sends tasks to the worker, which runs them in order. */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  #last = 0;
  #failure: Error | undefined;

  constructor() {
    // The bundle of worker.ts is beside the page's.
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), {
      type: "module",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<Report>) =>
      this.#receive(data);
    this.#worker.onerror = ({ message }) => {
      this.#failure = new Error(
        `the worker stopped${message ? ` (${message})` : ""}; reload the page`,
      );
      for (const call of this.#calls.values()) call.reject(this.#failure);
      this.#calls.clear();
    };
  }

  /** Runs a task in the worker. */
  call<T extends keyof Tasks>(
    task: T,
    args: Parameters<Tasks[T]>,
    options: CallOptions = {},
  ): ReturnType<Tasks[T]> {
    const { signal } = options;
    const id = ++this.#last;
    const result = new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#failure) throw this.#failure;
      this.#calls.set(id, { ...options, resolve, reject });
      signal?.addEventListener("abort", () => this.#send({ cancel: id }));
      this.#send({ id, task, args });
    });
    return result as ReturnType<Tasks[T]>;
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }

  #receive(report: Report): void {
    const call = this.#calls.get(report.id);
    if (!call) return;
    if ("progress" in report) {
      call.onProgress?.(report.progress);
      return;
    }
    this.#calls.delete(report.id);
    if ("result" in report) call.resolve(report.result);
    else {
      const { name, message } = report.error;
      call.reject(Object.assign(new Error(message), { name }));
    }
  }
}
