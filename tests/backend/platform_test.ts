/** tfjs-core's platform where it finds none. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { ensurePlatform } from "../../src/backend/platform.ts";

Deno.test("where tfjs-core has no platform, as on Vercel's edge, tensors and texts work", async () => {
  const env = tf.env();
  const { platform, platformName } = env;
  Reflect.deleteProperty(env, "platform");
  try {
    assert.throws(() => tf.util.isTypedArray(new Int32Array(1)), TypeError);
    ensurePlatform();
    assert(tf.util.isTypedArray(new Int32Array(1)));
    assert(!tf.util.isTypedArray([1]));
    assert(!tf.util.isTypedArray(new DataView(new ArrayBuffer(1))));
    const text = "Größe";
    assert.equal(tf.util.decodeString(tf.util.encodeString(text)), text);
    assert(tf.util.now() > 0);
    const response = await env.platform.fetch("data:,ok");
    assert.equal(await response.text(), "ok");
    const ours = env.platform;
    ensurePlatform();
    assert.equal(env.platform, ours);
  } finally {
    Object.assign(env, { platform, platformName });
  }
});
