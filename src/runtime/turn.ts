/**
 * A turn of the event loop for others, amid work that never waits.
 *
 * @module
 */

const { setImmediate, navigator } = globalThis as {
  setImmediate?(callback: () => void): void;
  navigator?: { userAgent: string };
};

/**
 * Lets what is due run: timers, messages, and what V8 clears away between tasks.
 *
 * In Deno and Node; elsewhere it is over at once. A Cloudflare Worker's timers belong to the request
 * that is answered at the time and end with it, so that what others wait for would hang.
 */
export async function turn(): Promise<void> {
  if (!setImmediate || navigator?.userAgent === "Cloudflare-Workers") return;
  await new Promise<void>((resolve) => setImmediate(resolve));
}
