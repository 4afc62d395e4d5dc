/**
 * How a thread waits for others.
 *
 * @module
 */

/** Tells the processor that a loop waits. Older engines lack it. */
export const pause: () => void =
  (Atomics as { pause?(): void }).pause?.bind(Atomics) ?? (() => {});

/** Whether this thread may sleep; a web page's main thread may not. */
export const canSleep: boolean = (() => {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
})();
