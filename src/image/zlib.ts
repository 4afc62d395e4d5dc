/**
 * Zlib data (RFC 1950). They are inflated as far as they go, the same everywhere: the decompressors of
 * runtimes differ in what they make of data that are cut.
 *
 * @module
 */

import { concat } from "../formats/concat.ts";
import { nodeZlib } from "../runtime/node_zlib.ts";

/** Bytes that go into the decompressor at a time; they inflate to 1032 times as many at most. */
const SLICE = 2 ** 14;

/** What zlib data hold. */
export interface Inflated {
  readonly content: Uint8Array<ArrayBuffer>;
  /** Whether the data reach their end, or more than `most` bytes. */
  readonly isWhole: boolean;
}

/**
 * Inflates up to `most` bytes.
 *
 * @throws {Error} If the data are damaged, or their checksum is wrong; it may be cut off.
 */
export async function inflateZlib(
  data: Uint8Array,
  most: number,
): Promise<Inflated> {
  if (data.length < 2) return { content: new Uint8Array(0), isWhole: false };
  const [method, flags] = data;
  if ((method & 15) !== 8 || (method << 8 | flags) % 31 || flags & 32) {
    throw new Error("expected zlib data");
  }
  const deflated = data.subarray(2);
  // If the data end with the checksum, they are whole without it.
  const checked = await inflate(deflated.subarray(0, -4), most);
  if (!checked.isWhole) return await inflate(deflated, most);
  if (
    checked.content.length < most &&
    adler32(checked.content) !== new DataView(
        data.buffer,
        data.byteOffset + data.length - 4,
      ).getUint32(0)
  ) throw new Error("the checksum is wrong");
  return checked;
}

async function inflate(data: Uint8Array, most: number): Promise<Inflated> {
  const { Inflate } = await import("fflate");
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflater = new Inflate((part) => {
    parts.push(part);
    length += part.length;
  });
  const last = data.length - 1;
  for (let at = 0; at < last && length < most; at += SLICE) {
    inflater.push(data.subarray(at, Math.min(at + SLICE, last)));
  }
  let isWhole = length >= most || data.length > 0;
  try {
    if (isWhole && length < most) inflater.push(data.subarray(last), true);
  } catch { // More data should follow.
    isWhole = false;
  }
  return { content: concat(parts).subarray(0, most), isWhole };
}

/** Deflates, in native code where there is any. */
export async function deflateZlib(content: Uint8Array): Promise<Uint8Array> {
  const native = nodeZlib();
  if (native) return native.deflateSync(content);
  const { zlibSync } = await import("fflate");
  return zlibSync(content);
}

/** The checksum of zlib data. */
function adler32(bytes: Uint8Array): number {
  let a = 1, b = 0;
  for (let i = 0; i < bytes.length;) {
    for (const end = Math.min(i + 3800, bytes.length); i < end; i++) {
      b += a += bytes[i];
    }
    a %= 65521;
    b %= 65521;
  }
  return (b << 16 | a) >>> 0;
}
