/**
 * Random shapes and batches around the limit of WebAssembly's memory: each answers or throws a
 * `RangeError`; after each, the same model and a fresh one give the same bits as before.
 *
 *     deno task soak:limits [rounds] [seed] [bytes of room]
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";
import { createModel, type ResNet, startBackend } from "../mod.ts";
import { type Block, Heap } from "../src/kernels/heap.ts";
import { maxBlockBytes } from "../src/runtime/guard_malloc.ts";

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

/** A shape whose pass takes a little less or more than the room, or far less. */
function randomShape(
  random: () => number,
  room: number,
): [number, number, number, number] {
  const side = () => Math.round(32 * 2 ** (random() * 5));
  const height = side(), width = side();
  // Up to layer2, a pass takes about seven times the bytes of its input.
  const share = random() < 0.3 ? 0.1 * random() : 0.5 + 1.5 * random();
  const batch = Math.round(share * room / 7 / (12 * height * width));
  return [Math.max(1, batch), height, width, 3];
}

/** Leaves so many bytes of WebAssembly's memory, up to 2 GB; what it takes isn't touched. */
export async function leaveRoom(bytes: number): Promise<Disposable> {
  await startBackend();
  const heap = new Heap();
  const room = heap.allocate(Math.min(bytes, maxBlockBytes - 64));
  const blocks: Block[] = [];
  for (let size = maxBlockBytes - 64; size > 65536;) {
    if (heap.hasRoom([size])) blocks.push(heap.allocate(size));
    else size = Math.floor(size / 2);
  }
  room.free();
  return { [Symbol.dispose]: () => blocks.forEach((block) => block.free()) };
}

/**
 * Tries that many shapes on a network, with and without a hook.
 *
 * @param room Bytes of memory to leave, up to 2 GB; with less, passes near the limit are shorter.
 *   Default: all.
 */
export async function soakLimits(
  rounds: number,
  seed = 1,
  room?: number,
): Promise<LimitsSoak> {
  const open = () => createModel("mlnet_resnet18", "layer2", true);
  using model = await open();
  using _ballast = room === undefined ? null : await leaveRoom(room);
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
    const shape = randomShape(random, room ?? 4e9);
    const hook = round % 4 === 3
      ? model.registerForwardHook("layer1.0", () => {})
      : undefined;
    let x: tf.Tensor4D | undefined;
    try {
      x = tf.zeros(shape) as tf.Tensor4D;
      model.forward(x).dispose();
      answered++;
    } catch (error) {
      assert(error instanceof RangeError, `${shape}: ${error}`);
      const isInput = x === undefined;
      assert.match(
        error.message,
        isInput ? /^cannot allocate/ : /GB to compute; (the largest|not even)/,
      );
      refused++;
    } finally {
      x?.dispose();
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
  const [rounds = 1000, seed = 1, room = 300e6] = Deno.args.map(Number);
  console.log(await soakLimits(rounds, seed, room));
}
