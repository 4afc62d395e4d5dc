/**
 * Work that ends early: when its time is over, or its client disconnects.
 *
 * @module
 */

/**
 * Runs work with a signal that aborts when the time is over, or with its parent.
 *
 * @throws What `late` returns when the time is over, or the parent's reason.
 */
export async function withinSeconds<T>(
  seconds: number,
  late: () => Error,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(Math.ceil(seconds * 1000));
  try {
    return await work(AbortSignal.any([parent, timeout]));
  } catch (error) {
    throw timeout.aborted && error === timeout.reason ? late() : error;
  }
}

/**
 * Waits for a promise, but not longer than the signal allows.
 *
 * @throws The signal's reason.
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
