/**
 * Which requests are let in.
 *
 * @module
 */

import { Problem } from "./problem.ts";

/** Counts the requests inside. */
export class Gate {
  #inside = 0;
  #isClosed = false;
  #emptied = () => {};
  #empty: Promise<void> | undefined;

  /**
   * @param most Requests that may be inside.
   * @param retryAfter Seconds after which one that is refused may come again.
   */
  constructor(readonly most: number, readonly retryAfter: () => string) {}

  /** Requests inside. */
  get inside(): number {
    return this.#inside;
  }

  /** Whether it was closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Lets a request in; disposing lets it out, once.
   *
   * @throws {Problem} 503 if the gate is closed, 429 if there are too many inside.
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
        `there are ${this.#inside} requests already, ${this.most} are allowed at a time`,
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

  /** Lets nobody in any more, and waits until all are out. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#inside === 0) return;
    this.#empty ??= new Promise((resolve) => this.#emptied = resolve);
    await this.#empty;
  }
}
