/**
 * The log entry of a request, and its timings.
 *
 * @module
 */

/** A line of the log: a request and its answer. */
export interface LogEntry {
  /** Time of arrival, ISO 8601. */
  readonly time: string;
  /** `"POST"`. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Status of the answer; 499 if the client disconnected. */
  readonly status: number;
  /** Milliseconds until the answer. */
  readonly ms: number;
  /** Milliseconds of each stage, by the names in `Server-Timing`. */
  readonly timings: Readonly<Record<string, number>>;
  /** Why the status isn't 2xx; with details that the client doesn't get. */
  readonly error?: string;
}

/** Measures the stages of a request. */
export class Timings {
  readonly #start = performance.now();
  readonly #stages: Record<string, number> = {};

  /** Milliseconds since the start. */
  get total(): number {
    return rounded(performance.now() - this.#start);
  }

  /** Milliseconds by stage, in order. */
  get stages(): Readonly<Record<string, number>> {
    return this.#stages;
  }

  /** Adds a stage. */
  add(name: string, ms: number): void {
    this.#stages[name] = rounded(ms);
  }

  /** Measures how long a promise takes. */
  async measure<T>(name: string, stage: Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await stage;
    } finally {
      this.add(name, performance.now() - start);
    }
  }

  /** The value of `Server-Timing`. */
  get header(): string {
    return Object.entries({ ...this.#stages, total: this.total })
      .map(([name, ms]) => `${name};dur=${ms}`).join(", ");
  }
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;
