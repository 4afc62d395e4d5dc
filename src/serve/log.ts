/**
 * What is noted of a request.
 *
 * @module
 */

/** A request that was answered, for a line of a log. */
export interface LogEntry {
  /** When it came, ISO 8601. */
  readonly time: string;
  /** `"POST"`. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Status of the answer; 499 if the client had gone. */
  readonly status: number;
  /** Milliseconds until the answer. */
  readonly ms: number;
  /** Where the time went, in milliseconds, by the names in `Server-Timing`. */
  readonly timings: Readonly<Record<string, number>>;
  /** Why it isn't 2xx, or what the client isn't told. */
  readonly error?: string;
}

/** Notes how long parts of a request take. */
export class Timings {
  readonly #start = performance.now();
  readonly #parts: Record<string, number> = {};

  /** Milliseconds since it was made. */
  get total(): number {
    return rounded(performance.now() - this.#start);
  }

  /** By name, in the order in which they were noted. */
  get parts(): Readonly<Record<string, number>> {
    return this.#parts;
  }

  /** Notes a part. */
  add(name: string, ms: number): void {
    this.#parts[name] = rounded(ms);
  }

  /** Waits for a part and notes how long it took. */
  async measure<T>(name: string, part: Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await part;
    } finally {
      this.add(name, performance.now() - start);
    }
  }

  /** The value of `Server-Timing`. */
  get header(): string {
    return Object.entries({ ...this.#parts, total: this.total })
      .map(([name, ms]) => `${name};dur=${ms}`).join(", ");
  }
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;
