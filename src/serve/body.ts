import { collect, GrowingBytes } from "../runtime/growing_bytes.ts";
import { paced, TooSlowError } from "../runtime/paced.ts";
import { Problem } from "./problem.ts";

/** A request, or the response of another server. */
export interface Sender {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly headers: Headers;
}

/** Limits of a body. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly bodySeconds: number;
}

/** The chunk that the bytes of smaller ones are copied into. */
const chunkBytes = 1 << 16;

/**
 * The chunks of a body, none of them small except the last: a chunk costs its consumer time, and
 * may be a view of a larger buffer.
 *
 * @param what What messages call the body.
 * @param late The status if it arrives too slowly.
 * @throws {Problem} 413 if there are too many bytes, `late`, or 400 if the body ends early.
 * @throws The signal's reason.
 */
export async function* bodyChunks(
  { body, headers }: Sender,
  { maxBytes, bodySeconds }: BodyLimits,
  signal: AbortSignal,
  what = "the body",
  late: 408 | 422 = 408,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new Problem(413, `${what} is too large; the limit is ${maxBytes} bytes`);
  if (Number(headers.get("content-length")) > maxBytes) {
    await body?.cancel().catch(() => {});
    throw tooLarge();
  }
  if (!body) return;
  const bytes = new GrowingBytes();
  let length = 0;
  try {
    for await (const chunk of paced(body, bodySeconds, signal)) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge();
      bytes.append(chunk);
      if (bytes.length >= chunkBytes) yield bytes.take();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem) throw error;
    throw error instanceof TooSlowError
      ? new Problem(
        late,
        `${what} did not arrive in time: ${error.message}`,
        { connection: "close" },
      )
      : new Problem(400, `${what} is cut short: ${(error as Error).message}`);
  }
  yield bytes.take();
}

/** Reads a whole body: {@linkcode bodyChunks} in one array. */
export function readBody(
  ...args: Parameters<typeof bodyChunks>
): Promise<Uint8Array<ArrayBuffer>> {
  return collect(bodyChunks(...args));
}
