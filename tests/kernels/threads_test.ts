/** Threads that fail: the work is done all the same, in bounded time. */

import assert from "node:assert/strict";
import { startBackend } from "../../mod.ts";
import { Heap } from "../../src/kernels/heap.ts";
import { Pool, type PoolOptions } from "../../src/kernels/pool.ts";
import { plain, plainShared } from "../../src/runtime/wasm/kernels.js";
import { control } from "../../src/kernels/worker_source.ts";
import type { Thread } from "../../src/kernels/threads.ts";
import { warned } from "../support/warned.ts";

await startBackend({ threads: 2 });
const heap = new Heap();
const module = await (heap.shared ? plainShared() : plain());
const ignore = !heap.shared;

/** Runs ReLU in 64 chunks, and checks the values. */
function relu(pool: Pool): void {
  const length = 64 * 16;
  const x = heap.allocate(4 * length), y = heap.allocate(4 * length);
  heap.view(x).forEach((_, i, values) => values[i] = i % 7 - 3);
  heap.view(y).fill(-1);
  pool.run("pointwise", 64, {
    x: x.address,
    y: y.address,
    residual: 0,
    scale: 0,
    bias: 0,
    low: 0,
    rows: 64,
    rowBytes: 64,
    rowsPerChunk: 1,
  });
  assert.ok(heap.view(y).every((value, i) => value === Math.max(0, i % 7 - 3)));
  x.free();
  y.free();
}

/** Runs twice with one thread of that behavior. */
async function runWith(
  options: PoolOptions,
): Promise<{ warnings: string[]; threads: number; milliseconds: number }> {
  const pool = new Pool(heap, module, 2, options);
  const start = performance.now();
  const warnings = await warned(() => {
    relu(pool);
    relu(pool);
  });
  const { threads } = pool;
  pool.dispose();
  return { warnings, threads, milliseconds: performance.now() - start };
}

/** A thread that has begun a chunk when the pool starts to work, and never ends it. */
function stuck(words: Int32Array, fail = false): Thread {
  const { store } = Atomics;
  Atomics.store = ((array: Int32Array, index: number, value: number) => {
    store(array, index, value);
    if (array === words && index === control.remaining && value > 1) {
      Atomics.sub(words, control.remaining, 1);
      if (fail) Atomics.add(words, control.failed, 1);
    }
    return value;
  }) as typeof store;
  return { terminate: () => Atomics.store = store };
}

Deno.test({
  name: "a thread that is stuck is given up, and its chunk done again",
  ignore,
  async fn() {
    const { warnings, threads, milliseconds } = await runWith({
      start: ({ words }) => stuck(words),
      patience: 100,
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^kernels: going on with one thread: /);
    assert.equal(threads, 1);
    assert.ok(milliseconds < 5_000);
  },
});

Deno.test({
  name: "a thread that fails is given up at once",
  ignore,
  async fn() {
    const { warnings, threads, milliseconds } = await runWith({
      start: ({ words }) => stuck(words, true),
      patience: 60_000,
    });
    assert.equal(warnings.length, 1);
    assert.equal(threads, 1);
    assert.ok(milliseconds < 5_000);
  },
});

Deno.test({
  name: "a thread that doesn't start is not waited for",
  ignore,
  async fn() {
    const { warnings, threads } = await runWith({
      start: () => ({ terminate() {} }),
    });
    assert.deepEqual(warnings, []);
    assert.equal(threads, 2);
  },
});

Deno.test({
  name: "a thread that dies while nothing runs is given up",
  ignore,
  async fn() {
    let died = (_: unknown) => {};
    let pool: Pool | undefined;
    const warnings = await warned(async () => {
      pool = new Pool(heap, module, 2, {
        start(_, onError) {
          died = onError;
          return { terminate() {} };
        },
      });
      await Promise.resolve();
      died(new Error("out of memory"));
      relu(pool);
    });
    assert.deepEqual(warnings, [
      "kernels: going on with one thread: out of memory",
    ]);
    assert.equal(pool?.threads, 1);
    pool.dispose();
  },
});
