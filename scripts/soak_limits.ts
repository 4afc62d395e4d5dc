/**
 * Random shapes and batches around the limit of WebAssembly's memory: each answers or throws a
 * `RangeError`; after each, the same model and a fresh one give the same bits as before.
 *
 *     deno task soak:limits [rounds] [seed]
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import { createModel, type ResNet } from "../mod.ts";

/** What became of the inputs. */
export interface LimitsSoak {
  readonly answered: number;
  readonly refused: number;
}

/** Numbers from 0 up to 1; the same for a seed. */
function randoms(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

/** Refused by size, or far enough below the limit to be computed quickly. */
function randomShape(
  random: () => number,
): [number, number, number, number] {
  const side = () => Math.round(32 * 2 ** (random() * 8));
  const height = side(), width = side();
  const pixels = height * width;
  // Inputs of at most 800 MB: beyond, tf.zeros is what fails.
  const most = Math.floor(800e6 / 12 / pixels);
  const batch = random() < 0.3
    ? Math.ceil(random() * 400_000 / pixels)
    : Math.ceil(most * (0.7 + 0.3 * random()));
  return [Math.max(1, Math.min(batch, most)), height, width, 3];
}

/** Tries that many shapes on a network, with and without a hook. */
export async function soakLimits(
  rounds: number,
  seed = 1,
): Promise<LimitsSoak> {
  const open = () => createModel("mlnet_resnet18", "layer2", true);
  using model = await open();
  const random = randoms(seed);
  const probe = tf.randomUniform([2, 64, 48, 3], -1, 1, "float32", 1);
  const bitsOf = (model: ResNet) => {
    const y = model.forward(probe as tf.Tensor4D);
    const bits = new Uint32Array(y.dataSync<"float32">().slice().buffer);
    y.dispose();
    return bits;
  };
  const want = bitsOf(model);
  const { numTensors } = tf.memory();
  let answered = 0, refused = 0;
  for (let round = 0; round < rounds; round++) {
    const shape = randomShape(random);
    const hook = round % 4 === 3
      ? model.registerForwardHook("layer1.0", () => {})
      : undefined;
    const x = tf.zeros(shape) as tf.Tensor4D;
    try {
      model.forward(x).dispose();
      answered++;
    } catch (error) {
      assert(error instanceof RangeError, `${shape}: ${error}`);
      assert.match(error.message, /GB to compute; (the largest|not even)/);
      refused++;
    } finally {
      x.dispose();
      hook?.remove();
    }
    assert.deepEqual(bitsOf(model), want, `after ${shape}`);
    {
      using fresh = await open();
      assert.deepEqual(bitsOf(fresh), want, `a fresh model after ${shape}`);
    }
    assert.equal(tf.memory().numTensors, numTensors, `after ${shape}`);
  }
  probe.dispose();
  return { answered, refused };
}

if (import.meta.main) {
  const [rounds = 1000, seed = 1] = Deno.args.map(Number);
  console.log(await soakLimits(rounds, seed));
}
