/**
 * Runs a network repeatedly, and checks that it gives the same bits each time and that memory doesn't
 * grow after the first passes.
 *
 *     deno task soak:kernels [passes]
 *
 * @module
 */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, startBackend } from "../mod.ts";
import { uniform } from "../tests/support/uniform.ts";

/** Input shapes that take turns, so that programs are made and dropped. */
const sides = [32, 33, 48, 64];
/** Passes after which all code has run. */
const warmUp = 200;

/** Memory use, in bytes. */
export interface Held {
  readonly rss: number;
  readonly wasm: number;
  readonly tensors: number;
}

/** What the process holds now. */
export function held(): Held {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return {
    rss: Deno.memoryUsage().rss,
    wasm: wasm.HEAPU8.length,
    tensors: tf.memory().numTensors,
  };
}

/**
 * Runs this many passes, every tenth with a hook, every hundredth with another shape.
 *
 * @returns The memory use after the first passes and after the last.
 */
export async function soakKernels(
  passes: number,
): Promise<{ first: Held; last: Held }> {
  await startBackend({ kernels: "own" });
  using model = await createModel("resnet18", null, false);
  const inputs = Array.from({ length: 24 }, (_, i) => {
    const side = sides[i % sides.length], width = side + i;
    return tf.tensor4d(uniform(`x${i}`, side * width * 3), [1, side, width, 3]);
  });
  const want: Float32Array[] = [];
  let first = held();
  for (let pass = 0; pass < passes; pass++) {
    const i = pass % 100 === 99 ? Math.floor(pass / 100) % inputs.length : 0;
    const handle = pass % 10 === 9
      ? model.registerForwardHook("layer2.0", () => {})
      : null;
    const logits = model.forward(inputs[i]);
    handle?.remove();
    const values = logits.dataSync<"float32">();
    logits.dispose();
    want[i] ??= values;
    assert.ok(values.some((value) => value !== 0));
    assert.deepEqual(values, want[i], `pass ${pass}`);
    if (pass === Math.min(warmUp, passes >> 1)) first = held();
    // Lets the garbage collector run.
    if (pass % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  const last = held();
  tf.dispose(inputs);
  return { first, last };
}

if (import.meta.main) {
  const { first, last } = await soakKernels(Number(Deno.args[0] ?? 10_000));
  console.log("after the first passes", first, "\nafter the last", last);
}
