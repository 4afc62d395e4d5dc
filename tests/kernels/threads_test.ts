// stock: no, it tests our own kernels
/** A pool finishes its work when threads fail, without long waits. */

import assert from "node:assert/strict";
import { startBackend } from "../../mod.ts";
import { Heap } from "../../src/kernels/heap.ts";
import { describe, Pool, type PoolOptions } from "../../src/kernels/pool.ts";
import { tasks } from "../../src/kernels/tasks.ts";
import { load } from "../../src/runtime/wasm/load.js";
import {
  controlWords,
  endKernelThreads,
  type KernelThread,
  kernelThreadsUp,
  startKernelThread,
} from "../../src/kernels/kernel_thread.ts";
import { control } from "../../src/kernels/kernel_loop.ts";
import { warned } from "../support/warned.ts";

await startBackend({ threads: 2 });
const heap = new Heap();
const module =
  await (heap.shared ? load("kernelsPlainShared") : load("kernelsPlain"));
const ignore = !heap.shared;

/** ReLU in 64 chunks. */
function reluOf() {
  const length = 64 * 16;
  const x = heap.allocate(4 * length), y = heap.allocate(4 * length);
  heap.view(x).forEach((_, i, values) => values[i] = i % 7 - 3);
  heap.view(y).fill(-1);
  const fields = {
    x: x.address,
    y: y.address,
    residual: 0,
    scale: 0,
    bias: 0,
    low: 0,
    rows: 64,
    rowBytes: 64,
    rowsPerChunk: 1,
  };
  return {
    fields,
    isDone: () =>
      heap.view(y).every((value, i) => value === Math.max(0, i % 7 - 3)),
    free() {
      x.free();
      y.free();
    },
  };
}

/** Runs it, and checks the values. */
function relu(pool: Pool): void {
  const { fields, isDone, free } = reluOf();
  pool.run("pointwise", 64, fields);
  assert(isDone());
  free();
}

/** Starts it; `ended` is true when its memory may be freed. */
function startRelu(pool: Pool) {
  const { fields, isDone, free } = reluOf();
  const block = heap.allocate(4 * tasks.pointwise.length);
  describe(heap, block.address, "pointwise", fields);
  const started = { ended: false, isDone };
  const job = { chunks: 64, descriptor: block.address };
  pool.start([{ task: "pointwise", ...job }], () => {
    assert(isDone());
    started.ended = true;
    block.free();
    free();
  });
  return started;
}

/** A clock that goes on by a second each time it is read. */
function fakeClock() {
  const { now } = performance;
  let reads = 0;
  performance.now = () => 1000 * ++reads;
  return {
    get reads() {
      return reads;
    },
    [Symbol.dispose]: () => void (performance.now = now),
  };
}

/** Runs twice with one such thread; `reads` counts how often the pool read the clock. */
async function runWith(
  options: PoolOptions,
): Promise<{ warnings: string[]; threads: number; reads: number }> {
  using clock = fakeClock();
  const pool = new Pool(heap, module, 2, options);
  const warnings = await warned(() => {
    relu(pool);
    relu(pool);
  });
  const { threads } = pool;
  pool.dispose();
  return { warnings, threads, reads: clock.reads };
}

/** A thread that takes a chunk when the pool starts to work, and never ends it. */
function stuck(words: Int32Array, fail = false): KernelThread {
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
  name: "a pool gives up a thread that is stuck, and does its chunk again",
  ignore,
  async fn() {
    const { warnings, threads, reads } = await runWith({
      start: ({ words }) => stuck(words),
      patience: 1500,
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^kernels: continuing with one thread: /);
    assert.equal(threads, 1);
    assert.equal(reads, 3);
  },
});

Deno.test({
  name: "a pool gives up a thread that fails at once",
  ignore,
  async fn() {
    const { warnings, threads, reads } = await runWith({
      start: ({ words }) => stuck(words, true),
      patience: 60_000,
    });
    assert.equal(warnings.length, 1);
    assert.equal(threads, 1);
    assert.equal(reads, 0, "it never waited");
  },
});

Deno.test({
  name: "a pool doesn't wait for a thread that doesn't start",
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
  name:
    "a pool goes on with the threads that start, and says why the others don't",
  ignore,
  async fn() {
    let pool: Pool | undefined;
    const warnings = await warned(async () => {
      pool = new Pool(heap, module, 4, {
        start(start, onError) {
          if (start.thread === 1) throw new Error("forbidden");
          if (start.thread === 3) return startKernelThread(start, onError);
          queueMicrotask(() => onError(new Error("no memory")));
          return { terminate() {} };
        },
      });
      for (let i = 0; i < 500 && pool.status.running < 2; i++) {
        relu(pool);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
    assert.deepEqual(warnings, [
      "kernels: continuing with one thread: forbidden",
    ]);
    assert.deepEqual(pool!.status, { running: 2, why: "no memory" });
    assert.equal(pool!.threads, 4, "the fourth has the number 3");
    relu(pool!);
    pool!.dispose();
    assert.equal(pool!.status.running, 1);
  },
});

/** What a Web Worker does with the text that it gets. */
class FakeWorker {
  static made: string[] = [];
  onmessage = () => {};
  onerror = (_: { message?: string }) => {};
  constructor(url: string | URL) {
    const kind = String(url).replace(/.*(blob:|kernel_worker\.js).*/, "$1");
    FakeWorker.made.push(kind);
    queueMicrotask(() => this.onerror({}));
  }
  postMessage() {}
  terminate() {}
}

Deno.test({
  name: "a thread starts from a file where it can't from a blob: URL",
  ignore,
  async fn() {
    const { Worker } = globalThis;
    const { process } = globalThis as unknown as {
      process: { getBuiltinModule?: unknown };
    };
    const { getBuiltinModule } = process;
    process.getBuiltinModule = undefined;
    globalThis.Worker = FakeWorker as unknown as typeof Worker;
    try {
      const { message } = await new Promise<Error>((resolve) =>
        startKernelThread(
          {
            ...{ module, memory: heap.memory, names: [], thread: 1 },
            words: controlWords(true),
          },
          (error) => resolve(error as Error),
        )
      );
      assert.deepEqual(FakeWorker.made, ["blob:", "kernel_worker.js"]);
      assert.match(message, /^workers are forbidden by the page's policy/);
    } finally {
      Object.assign(process, { getBuiltinModule });
      globalThis.Worker = Worker;
    }
  },
});

Deno.test({
  name: "a pool gives up a thread that dies while nothing runs",
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
      "kernels: continuing with one thread: out of memory",
    ]);
    assert.equal(pool?.threads, 1);
    pool.dispose();
  },
});

Deno.test({
  name: "whoever holds a pool's words ends its threads, even while they sleep",
  ignore,
  async fn() {
    const words = controlWords(true);
    const pool = new Pool(heap, module, 3, { words });
    const sleeping = async (count: number) => {
      for (let i = 0; i < 500; i++) {
        if (Atomics.load(words, control.sleeping) === count) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.fail(`there are never ${count} sleeping threads`);
    };
    await sleeping(2);
    endKernelThreads(words);
    await sleeping(0);
    assert.throws(() => relu(pool), /^Error: the kernels were ended$/);
    pool.dispose();
  },
});

Deno.test({
  name:
    "whoever ends threads waits for those that are starting, not for those that can't",
  ignore,
  async fn() {
    const words = controlWords(true);
    const isUp = () => Atomics.load(words, control.up) === 0b110;
    const pool = new Pool(heap, module, 3, { words });
    assert(!isUp());
    await kernelThreadsUp(words);
    assert(isUp());
    pool.dispose();
    const other = controlWords(true);
    await warned(async () => {
      const pool = new Pool(heap, module, 2, {
        words: other,
        start(_, onError) {
          queueMicrotask(() => onError(new Error("forbidden")));
          return { terminate() {} };
        },
      });
      assert.notEqual(Atomics.load(other, control.asked), 0);
      await Promise.resolve();
      pool.dispose();
    });
    assert.equal(Atomics.load(other, control.asked), 0);
    await kernelThreadsUp(other);
  },
});

Deno.test({
  name: "jobs run on the other threads while the caller goes on",
  ignore,
  async fn() {
    const pool = new Pool(heap, module, 2);
    const { isDone } = startRelu(pool);
    while (!isDone()) await new Promise((go) => setTimeout(go, 1));
    pool.finish();
    pool.dispose();
  },
});

Deno.test("everything that a pool is asked for ends what it started", () => {
  for (const threads of [1, 2]) {
    const pool = new Pool(heap, module, threads, {
      start: () => ({ terminate() {} }), // It never takes a chunk.
    });
    const [first, second, third] = [0, 1, 2].map(() => startRelu(pool));
    assert.deepEqual([first.ended, second.ended], [true, true]);
    assert.equal(third.ended, threads === 1);
    relu(pool);
    assert(third.ended);
    const last = startRelu(pool);
    pool.dispose();
    assert(last.ended);
  }
});

Deno.test({
  name: "what a pool started is done although its thread died",
  ignore,
  async fn() {
    let died = (_: unknown) => {};
    const pool = new Pool(heap, module, 2, {
      start(_, onError) {
        died = onError;
        return { terminate() {} };
      },
    });
    const started = startRelu(pool);
    const warnings = await warned(() => died(new Error("out of memory")));
    assert.equal(warnings.length, 1);
    pool.finish();
    assert(started.ended);
    pool.dispose();
  },
});
