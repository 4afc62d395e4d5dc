/** Tests that must leave no tensors behind. */

import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import { startBackend } from "../../mod.ts";

/** `Deno.test`, which also fails if the test leaves tensors behind. */
export function tensorTest(name: string, run: () => Promise<void>): void {
  Deno.test(name, async () => {
    await startBackend();
    const before = tf.memory().numTensors;
    await run();
    assert.equal(tf.memory().numTensors, before, "tensors left behind");
  });
}
