import { TransientError } from "./errors.ts";
import type { FetchSettings } from "./options.ts";

/** Once this many bytes arrive, the next failure counts as the first again. */
const PROGRESS = 2 ** 20;

/** Half a second, a second, two …; a quarter more or less, so that clients don't come in step. */
const backOff = (failures: number) =>
  2 ** (failures - 1) * 500 * (0.75 + Math.random() / 2);

/** Longest wait in milliseconds, even if the server asks for more. */
const MAX_RETRY_AFTER = 30_000;

/** Waits after each failure; gives up after several in a row. */
export class Retry {
  #failures = 0;
  #arrived = 0;

  constructor(readonly settings: FetchSettings, readonly attempts = 5) {}

  /** Counts bytes that arrive. */
  progress(bytes: number): void {
    this.#arrived += bytes;
    if (this.#arrived >= PROGRESS) this.#failures = this.#arrived = 0;
  }

  /**
   * Waits until the next attempt.
   *
   * @throws The error, if another attempt won't help or there were enough.
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

/** Waits, unless aborted. */
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
