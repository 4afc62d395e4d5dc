import type { WorkerRequest } from "./protocol.ts";

/**
 * The outstanding requests: read, but not yet answered.
 *
 * Reading pauses while the window is full, so a fast sender has to wait.
 */
export class RequestWindow {
  readonly #waiting: WorkerRequest[] = [];
  #outstanding = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake = () => {};
  #change = this.#nextChange();

  constructor(readonly size: number) {}

  /** Reads requests while there is room; an error is kept for {@linkcode wait}. */
  async fill(requests: AsyncIterable<WorkerRequest>): Promise<void> {
    try {
      for await (const request of requests) {
        this.#waiting.push(request);
        this.#outstanding++;
        this.#changed();
        while (this.#outstanding >= this.size) await this.#change;
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
    this.#changed();
  }

  /** Removes the oldest waiting request, if any; it stays outstanding. */
  take(): WorkerRequest | undefined {
    return this.#waiting.shift();
  }

  /** Makes room after an answer. */
  answered(): void {
    this.#outstanding--;
    this.#changed();
  }

  /**
   * Waits for a request to take; false after the last one.
   *
   * @throws What reading the requests threw.
   */
  async wait(): Promise<boolean> {
    while (this.#waiting.length === 0) {
      if (this.#end && "error" in this.#end) throw this.#end.error;
      if (this.#end) return false;
      await this.#change;
    }
    return true;
  }

  #changed(): void {
    this.#wake();
    this.#change = this.#nextChange();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}
