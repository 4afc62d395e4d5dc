/**
 * Limits the number of requests in progress.
 *
 * @module
 */

import "../runtime/dispose.ts";
import { Problem } from "./problem.ts";

/** Counts the requests in progress. */
export class Gate {
  #inside = 0;
  #isClosed = false;
  #emptied = () => {};
  #empty: Promise<void> | undefined;

  /**
   * @param most The most requests at a time.
   * @param retryAfter Seconds after which a refused client may try again.
   */
  constructor(readonly most: number, readonly retryAfter: () => string) {}

  /** Number of requests in progress. */
  get inside(): number {
    return this.#inside;
  }

  /** Whether {@linkcode close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Admits a request; dispose the result at its end.
   *
   * @throws {Problem} 503 if the gate is closed, 429 if it is full.
   */
  enter(): Disposable {
    if (this.#isClosed) {
      throw new Problem(503, "the server is stopping", {
        "retry-after": "5",
        connection: "close",
      });
    }
    if (this.#inside >= this.most) {
      throw new Problem(
        429,
        `too many requests; the limit is ${this.most} at a time`,
        { "retry-after": this.retryAfter() },
      );
    }
    this.#inside++;
    let isInside = true;
    return {
      [Symbol.dispose]: () => {
        if (!isInside) return;
        isInside = false;
        this.#inside--;
        if (this.#inside === 0) this.#emptied();
      },
    };
  }

  /** Admits no more requests, and waits for the end of the others. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#inside === 0) return;
    this.#empty ??= new Promise((resolve) => this.#emptied = resolve);
    await this.#empty;
  }
}
