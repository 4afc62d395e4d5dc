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
/** The most bytes of a chunk that is read into a buffer of ours. */
const CHUNK_BYTES = 1 << 16;

/** A body arrives too slowly. */
export class TooSlowError extends Error {}

/** Reads the next chunk of a body; it is the caller's. */
type Read = () => Promise<ReadableStreamReadResult<Uint8Array>>;

/**
 * Reads a body's chunks. A stream of bytes allocates 64 KiB for each chunk, even one of a single byte,
 * and the allocator keeps what thousands of these took; so that they are read into one buffer, which
 * goes to the caller only when a chunk fills half of it.
 */
function chunkReader(
  body: ReadableStream<Uint8Array>,
): [Read, (reason?: unknown) => Promise<void>] {
  const reader = byobReader(body);
  if (reader === null) {
    const reader = body.getReader();
    return [() => reader.read(), (reason) => reader.cancel(reason)];
  }
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  const read: Read = async () => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return { done, value: undefined };
    const isLarge = value.length > CHUNK_BYTES / 2;
    buffer = isLarge ? new ArrayBuffer(CHUNK_BYTES) : value.buffer;
    return { done, value: isLarge ? value : value.slice() };
  };
  return [read, (reason) => reader.cancel(reason)];
}

/** A reader into one's own buffer, or null where the body isn't a stream of bytes. */
function byobReader(
  body: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

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
  const [read, cancel] = chunkReader(body);
  let failure: { readonly reason: unknown } | undefined;
  /** Ends a pending read. */
  const fail = (reason: unknown) => {
    failure ??= { reason };
    cancel(reason).catch(() => {});
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
      const { done, value } = await read()
        .finally(() => clearTimeout(timer));
      if (failure) throw failure.reason;
      if (done) return;
      waited += performance.now() - start;
      arrived += value.length;
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    cancel().catch(() => {});
  }
}
