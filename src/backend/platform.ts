/**
 * tfjs-core's platform, which it sets only where it finds a browser, a web worker or Node.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";

type Platform = Parameters<ReturnType<typeof tf.env>["setPlatform"]>[1];

const platform: Platform = {
  fetch: (path, init) => fetch(path, init),
  now: () => performance.now(),
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes, encoding) => new TextDecoder(encoding).decode(bytes),
  isTypedArray: (value): value is Float32Array =>
    ArrayBuffer.isView(value) && !(value instanceof DataView),
};

/** Sets a platform if there is none, as on Vercel's edge. */
export function ensurePlatform(): void {
  const env = tf.env();
  if (!env.platform) env.setPlatform("layertap", platform);
}
