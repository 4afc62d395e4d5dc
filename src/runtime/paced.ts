/**
 * Bodies that must keep arriving.
 *
 * @module
 */

import { turn } from "./turn.ts";

/** Bytes per millisecond that a body must have after its first seconds: 100 kB/s. */
const SLOWEST = 100;
/** Chunks after which timers get a turn. */
const CHUNKS = 256;

/** A body arrives too slowly. */
export class TooSlowError extends Error {}

/**
 * The chunks of a body. Only the time that is spent waiting for them counts.
 *
 * @param seconds The longest wait for a chunk; and for all of them, together with a second for each
 *   100 kB that arrived.
 * @throws {TooSlowError} If it takes longer.
 * @throws The signal's reason, or what the body throws.
 */
export async function* paced(
  body: ReadableStream<Uint8Array>,
  seconds: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const reader = body.getReader();
  let failure: { readonly reason: unknown } | undefined;
  /** Ends a pending read. */
  const fail = (reason: unknown) => {
    failure ??= { reason };
    reader.cancel(reason).catch(() => {});
  };
  const late = () =>
    fail(
      new TooSlowError(
        `nothing arrived for ${seconds} seconds, or less than 100 kB/s`,
      ),
    );
  const abort = () => fail(signal!.reason);
  signal?.addEventListener("abort", abort);
  const most = seconds * 1000;
  let waited = 0;
  let arrived = 0;
  try {
    for (let i = 1;; i++) {
      if (i % CHUNKS === 0) await turn();
      const start = performance.now();
      const left = most + Math.min(0, arrived / SLOWEST - waited);
      const timer = setTimeout(late, Math.max(1, left));
      const { done, value } = await reader.read()
        .finally(() => clearTimeout(timer));
      if (failure) throw failure.reason;
      if (done) return;
      waited += performance.now() - start;
      arrived += value.length;
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    reader.cancel().catch(() => {});
  }
}
