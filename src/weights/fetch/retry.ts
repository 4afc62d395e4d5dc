import { TransientError } from "./errors.ts";
import type { FetchSettings } from "./options.ts";

/** So much has to arrive before a failure counts as the first one again. */
const PROGRESS = 2 ** 20;

/** Half a second, a second, two …, a quarter more or less so that clients don't come in step. */
const backOff = (failures: number) =>
  2 ** (failures - 1) * 500 * (0.75 + Math.random() / 2);

/** No server is waited for longer, in milliseconds, whatever it says. */
const MAX_RETRY_AFTER = 30_000;

/** Counts failures in a row, and waits after each, until it is enough. */
export class Retry {
  #failures = 0;
  #arrived = 0;

  constructor(readonly settings: FetchSettings, readonly attempts = 5) {}

  /** Notes that bytes have arrived. */
  progress(bytes: number): void {
    this.#arrived += bytes;
    if (this.#arrived >= PROGRESS) this.#failures = this.#arrived = 0;
  }

  /**
   * Returns when it is time to try again.
   *
   * @throws The error, if trying again would not help or was done often enough.
   */
  async after(error: unknown): Promise<void> {
    const { retryDelay = backOff, signal } = this.settings;
    this.#arrived = 0;
    this.#failures++;
    if (!(error instanceof TransientError) || this.#failures >= this.attempts) {
      throw error;
    }
    const retryAfter = Math.min(error.retryAfter, MAX_RETRY_AFTER);
    await wait(Math.max(retryDelay(this.#failures), retryAfter), signal);
  }
}

/** Waits; an abort ends it. */
async function wait(
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
  signal?.throwIfAborted();
}
