import { release } from "../memory/release.ts";

/**
 * Unpacks raw deflate of known size, with what the platform has: two to three times as fast as in
 * JavaScript.
 *
 * @param size Length of the content, from a header that was not checked yet.
 * @throws {Error} If it is no deflate, or its content has another length.
 */
export async function inflateRaw(
  deflated: Uint8Array<ArrayBuffer>,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // No encoder gets more than this out of a byte: what a header claims is not allocated unseen.
  if (size > 1032 * deflated.length) {
    throw new Error(`${size} bytes can't be in ${deflated.length}`);
  }
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  // What goes wrong here, the reader is told as well.
  writer.write(deflated).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const content = new Uint8Array(size);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (length + value.length > size) {
      await reader.cancel();
      throw new Error(`its content is longer than ${size} bytes`);
    }
    content.set(value, length);
    length += value.length;
    if (value.length === value.buffer.byteLength) release(value);
  }
  if (length < size) {
    throw new Error(`its content has ${length} bytes, not ${size}`);
  }
  return content;
}
