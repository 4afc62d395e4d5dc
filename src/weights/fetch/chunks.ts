/**
 * Bytes on their way, as generators of chunks.
 *
 * @module
 */

import { concat } from "../../formats/concat.ts";
import { createSha256 } from "../../runtime/sha256.ts";

/** Passes bytes on, and fails at their end if they are not those of the hash. */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const hash = await createSha256();
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest();
  if (!found.startsWith(sha256)) {
    const expected = sha256.length < 64 ? `${sha256}…` : sha256;
    throw new SyntaxError(
      `cannot read "${name}": its SHA-256 is ${found}, not ${expected}`,
    );
  }
}

/** The first bytes, at least so many if there are, and all of them. */
export async function peek(
  chunks: AsyncGenerator<Uint8Array>,
  length: number,
): Promise<[start: Uint8Array, all: AsyncGenerator<Uint8Array>]> {
  const parts: Uint8Array[] = [];
  for (let left = length; left > 0;) {
    const { done, value } = await chunks.next();
    if (done) break;
    parts.push(value);
    left -= value.length;
  }
  return [concat(parts), chain(parts, chunks)];
}

/** One after the other. */
export async function* chain(
  ...parts: (AsyncIterable<Uint8Array> | Iterable<Uint8Array>)[]
): AsyncGenerator<Uint8Array> {
  for (const chunks of parts) yield* chunks;
}

/** All of them in one array. */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concat(parts);
}

/**
 * The same as a stream.
 *
 * @param end Ends them at once, where the stream is cancelled.
 */
export function toStream(
  chunks: AsyncGenerator<Uint8Array>,
  end: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      end();
      await chunks.return(undefined);
    },
  });
}
