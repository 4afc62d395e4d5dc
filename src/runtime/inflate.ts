import { release } from "./release.ts";
import { type NodeZlib, nodeZlib } from "./node_zlib.ts";

/** The smallest piece that `node:zlib` makes. */
const leastChunk = 64;

/**
 * Unpacks raw deflate of known size, with what the platform has: two to four times as fast as in
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
  const zlib = nodeZlib();
  if (zlib) return inflateAtOnce(zlib, deflated, size);
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

function inflateAtOnce(
  zlib: NodeZlib,
  deflated: Uint8Array<ArrayBuffer>,
  size: number,
): Uint8Array<ArrayBuffer> {
  const content = zlib.inflateRawSync(deflated, {
    // Room for one byte more, without which a second piece would be made to see the end. Hardly
    // anything gets smaller than a sixteenth; what a header claims is not allocated unseen.
    chunkSize: Math.max(Math.min(size, 16 * deflated.length) + 1, leastChunk),
    maxOutputLength: Math.max(size, 1),
  });
  if (content.length !== size) {
    throw new Error(`its content has ${content.length} bytes, not ${size}`);
  }
  const { buffer, byteOffset, length } = content;
  // Small ones share their memory with others.
  return buffer.byteLength > Math.max(size + 1, leastChunk)
    ? new Uint8Array(content)
    : new Uint8Array(buffer, byteOffset, length);
}
