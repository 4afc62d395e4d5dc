// stock: no, it tests our own kernels
/** Programs: jobs run in turn on any number of threads, share memory, and survive failing threads. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, startBackend } from "../../mod.ts";
import { assignOffsets, type Lifetime } from "../../src/kernels/arena.ts";
import { Heap } from "../../src/kernels/heap.ts";
import type { PoolOptions } from "../../src/kernels/pool.ts";
import { Program } from "../../src/kernels/program.ts";
import { Recording } from "../../src/kernels/recording.ts";
import { Device } from "../../src/kernels/device.ts";
import { load } from "../../src/runtime/wasm/load.js";
import {
  type KernelThread,
  type StartKernelThread,
  startKernelThread,
} from "../../src/kernels/kernel_thread.ts";
import { control } from "../../src/kernels/kernel_loop.ts";
import { floats, randoms } from "./reference.ts";
import { warned } from "../support/warned.ts";

await startBackend({ threads: 2, kernels: "own" });
const heap = new Heap();
const module =
  await (heap.shared ? load("kernelsPlainShared") : load("kernelsPlain"));
const ignore = !heap.shared;

/** The jobs of a chain, and the floats that each adds to. */
const links = 700, length = 64;

/** Adds 1 to its input, job after job, with more jobs than the threads' table holds. */
function chain(device: Device): { program: Program; check(): void } {
  const recording = new Recording(device);
  const one = recording.values(new Float32Array(length).fill(1));
  const x = recording.input([length]);
  let last = x;
  for (let i = 0; i < links; i++) {
    const y = recording.reserve([length]);
    recording.add("pointwise", 1 + i % 16, {
      x: last,
      y,
      residual: one,
      scale: 0,
      bias: 0,
      low: 0,
      rows: 16,
      rowBytes: 4 * length / 16,
      rowsPerChunk: Math.ceil(16 / (1 + i % 16)),
    });
    if (last !== x) recording.release(last);
    last = y;
  }
  const input = heap.allocate(4 * length), output = heap.allocate(4 * length);
  x.address = input.address;
  const program = new Program(recording, new Set([x, last]));
  // Two values live at the same time.
  assert.equal(program.arenaBytes, 2 * 4 * length);
  const check = () => {
    const random = randoms(length);
    heap.view(input).set(floats(length, random).map((v) => Math.round(9 * v)));
    heap.view(output).fill(-1);
    last.address = output.address;
    program.run();
    const want = heap.view(input).map((value) => {
      for (let i = 0; i < links; i++) value = Math.max(0, value + 1);
      return value;
    });
    assert.deepEqual(heap.view(output), want);
  };
  return { program, check };
}

const deviceOf = (threads: number, options?: PoolOptions): Device =>
  new Device(heap, module, 5, threads, options);

Deno.test("a program's jobs run in turn, on 1 to 4 threads", async () => {
  for (const threads of [1, 2, 3, 4]) {
    const device = deviceOf(threads);
    const { program, check } = chain(device);
    const warnings = await warned(async () => {
      for (let run = 0; run < 60; run++) {
        check();
        // Meanwhile threads start, or fall asleep.
        if (run % 20 === 0) {
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      }
    });
    assert.deepEqual(warnings, []);
    program.dispose();
    device.dispose();
  }
});

/** A thread that begins a chunk of a job and never ends it. */
function stuckAt(job: number) {
  return ({ words }: { words: Int32Array }): KernelThread => {
    const { store } = Atomics;
    Atomics.store = ((array: Int32Array, index: number, value: number) => {
      store(array, index, value);
      if (
        array === words && index === control.remaining && value > 1 &&
        words[control.job] >= job
      ) {
        Atomics.sub(words, control.remaining, 1);
        job = Infinity;
      }
      return value;
    }) as typeof store;
    return { terminate: () => Atomics.store = store };
  };
}

Deno.test({
  name:
    "a program does a job again, and those after it, when a thread is stuck",
  ignore,
  async fn() {
    for (const job of [0, 1, 300, 510]) {
      const device = deviceOf(2, { start: stuckAt(job), patience: 50 });
      const { program, check } = chain(device);
      const warnings = await warned(() => {
        check();
        check();
      });
      assert.equal(warnings.length, 1);
      assert.equal(device.pool.threads, 1);
      program.dispose();
      device.dispose();
    }
  },
});

Deno.test({
  name: "a program gives up a thread that throws",
  ignore,
  async fn() {
    const broken: StartKernelThread = (start, onError) => {
      // Shared memory too small for any address.
      const memory = new WebAssembly.Memory({
        initial: 1,
        maximum: 1,
        shared: true,
      });
      return startKernelThread({ ...start, memory }, onError);
    };
    const device = deviceOf(2, { start: broken, patience: 60_000 });
    const { program, check } = chain(device);
    const warnings = await warned(async () => {
      for (let run = 0; run < 200 && device.pool.threads > 1; run++) {
        check();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    assert.equal(device.pool.threads, 1);
    assert.equal(warnings.length, 1);
    check();
    program.dispose();
    device.dispose();
  },
});

Deno.test("assignOffsets gives values that live at the same time different memory", () => {
  const random = randoms(5);
  const integer = (most: number) => Math.floor((random() + 1) / 2 * most);
  for (let round = 0; round < 200; round++) {
    const lifetimes: Lifetime[] = Array.from(
      { length: 1 + integer(30) },
      () => {
        const first = integer(20);
        return { bytes: 4 * integer(500), first, end: first + 1 + integer(6) };
      },
    );
    const { offsets, blocks } = assignOffsets(lifetimes);
    assert.ok(blocks.length <= 1);
    const [bytes = 0] = blocks;
    let most = 0;
    for (let job = 0; job < 30; job++) {
      const alive = lifetimes.map((lifetime, i) => ({ ...lifetime, i }))
        .filter(({ first, end }) => first <= job && job < end)
        .sort((a, b) => offsets[a.i] - offsets[b.i]);
      let end = 0, sum = 0;
      for (const { i, bytes } of alive) {
        if (bytes === 0) continue;
        assert.ok(offsets[i] >= end && offsets[i] % 64 === 0);
        end = offsets[i] + bytes;
        sum += bytes;
      }
      assert.ok(end <= bytes);
      most = Math.max(most, sum);
    }
    assert.ok(bytes <= 2 * most + 64 * lifetimes.length);
  }
});

Deno.test("assignOffsets cuts an arena into blocks, and no value in two", () => {
  const random = randoms(6), block = 4096;
  for (let round = 0; round < 100; round++) {
    const lifetimes = Array.from({ length: 40 }, () => ({
      bytes: 64 + Math.floor((random() + 1) / 2 * 4032),
      first: 0,
      end: 1,
    }));
    const { offsets, blocks } = assignOffsets(lifetimes, block);
    const ordered = lifetimes.map(({ bytes }, i) => ({ bytes, at: offsets[i] }))
      .sort((a, b) => a.at - b.at);
    let end = 0;
    for (const { bytes, at } of ordered) {
      assert.ok(at >= end && at % 64 === 0);
      end = at + bytes;
      const number = Math.floor(at / block);
      assert.equal(Math.floor((end - 1) / block), number);
      assert.ok(end <= number * block + blocks[number]);
      assert.ok(blocks[number] <= block);
    }
  }
});

Deno.test("a model in a hook of another, or of itself, gives the same bits as alone", async () => {
  using outer = await createModel("resnet18", null, false, { seed: 1 });
  using inner = await createModel("resnet18", "layer2", false, { seed: 2 });
  const x = tf.tensor4d(floats(64 * 64 * 3, randoms(1)), [1, 64, 64, 3]);
  const values = (tensor: tf.Tensor) => {
    const values = tensor.dataSync();
    tensor.dispose();
    return values;
  };
  const alone = values(outer.forward(x)), innerAlone = values(inner.forward(x));
  assert.ok(alone.some((value) => value !== 0));
  let calls = 0;
  const handle = outer.registerForwardHook("layer1.0", () => {
    if (calls++ > 0) return;
    assert.deepEqual(values(inner.forward(x)), innerAlone);
    assert.deepEqual(values(outer.forward(x)), alone);
  });
  assert.deepEqual(values(outer.forward(x)), alone);
  handle.remove();
  assert.equal(calls, 2);
  assert.deepEqual(values(outer.forward(x)), alone);
  x.dispose();
});
