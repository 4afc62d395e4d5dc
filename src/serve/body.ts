import { concat } from "../formats/concat.ts";
import { Problem } from "./problem.ts";

/** A request, or the response of another server. */
export interface Sender {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly headers: Headers;
}

/**
 * Reads a whole body, up to a number of bytes.
 *
 * @param what What messages call the body.
 * @throws {Problem} 413 if there are more than `limit` bytes, 400 if the body ends early.
 * @throws The signal's reason.
 */
export async function readBody(
  { body, headers }: Sender,
  limit: number,
  signal: AbortSignal,
  what = "the body",
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new Problem(413, `${what} is too large; the limit is ${limit} bytes`);
  if (Number(headers.get("content-length")) > limit) {
    await body?.cancel().catch(() => {});
    throw tooLarge();
  }
  if (!body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const source = body.pipeThrough(new TransformStream(), { signal });
    for await (const chunk of source) {
      length += chunk.length;
      if (length > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Problem) throw error;
    throw new Problem(400, `${what} is cut short: ${(error as Error).message}`);
  }
  return concat(chunks);
}
