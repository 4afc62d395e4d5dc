import { concat } from "../formats/concat.ts";
import { Problem } from "./problem.ts";

/** What has a body: a request, or the answer of another server. */
export interface Sender {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly headers: Headers;
}

/**
 * Reads a whole body, counting its bytes as they come.
 *
 * @param what What it is the body of, for messages.
 * @throws {Problem} 413 if there are more than `limit` bytes, 400 if it is cut short, 415 if it is
 *   compressed.
 * @throws The signal's reason.
 */
export async function readBody(
  { body, headers }: Sender,
  limit: number,
  signal: AbortSignal,
  what = "the body",
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new Problem(413, `${what} is too large: ${limit} bytes are allowed`);
  if (Number(headers.get("content-length")) > limit) {
    await body?.cancel().catch(() => {});
    throw tooLarge();
  }
  if (!body) return new Uint8Array();
  const reader = body.getReader();
  const giveUp = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", giveUp, { once: true });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > limit) throw tooLarge();
      chunks.push(value);
    }
    signal.throwIfAborted(); // Cancelling ends the stream as if it were whole.
  } catch (error) {
    giveUp();
    signal.throwIfAborted();
    if (error instanceof Problem) throw error;
    throw new Problem(400, `${what} is cut short: ${(error as Error).message}`);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  return concat(chunks);
}
