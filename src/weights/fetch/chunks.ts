/**
 * Streams of bytes as generators of chunks.
 *
 * @module
 */

import { asIs, expected } from "../../errors/expected.ts";
import { failReading } from "../../errors/fail.ts";
import { concat } from "../../formats/concat.ts";
import { createSha256 } from "../../runtime/sha256.ts";

/** Passes bytes on; throws at their end if their hash is another. */
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
    const hash = `SHA-256 ${sha256}${sha256.length < 64 ? "…" : ""}`;
    throw failReading(name)(expected("", hash, asIs(found)));
  }
}

/** The first bytes, at least `length` unless there are fewer; and all of them. */
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

/** Chunks of several sources, one after the other. */
export async function* chain(
  ...parts: (AsyncIterable<Uint8Array> | Iterable<Uint8Array>)[]
): AsyncGenerator<Uint8Array> {
  for (const chunks of parts) yield* chunks;
}

/**
 * Chunks as a stream.
 *
 * @param end Called if the stream is cancelled, to end the chunks at once.
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
