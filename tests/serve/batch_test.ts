/** Requests that wait together run as one batch, with the same results as alone. */

import assert from "node:assert/strict";
import { Batcher } from "../../src/serve/batcher.ts";
import type { BatchReport } from "../../src/serve/engine.ts";
import type { Task } from "../../src/serve/task.ts";
import {
  ask,
  chelsea,
  coffee,
  form,
  post,
  rocket,
  tinyHandler,
} from "./support.ts";
import { relativeError } from "../support/close.ts";

const never = new AbortController().signal;

/** A task with this number of pictures. */
function task(name: string, pictures = 1, layer = "fc"): Task {
  return {
    kind: "features",
    layers: [layer],
    pool: "none",
    format: "json",
    pictures: Array.from({ length: pictures }, () => ({
      name,
      bytes: new Uint8Array(),
    })),
  };
}

const nameOf = ({ pictures: [{ name }] }: Task) => name;

/** A batcher that records its batches; `next` ends the running one. */
function noting(batchSize: number) {
  const batches: string[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  const batcher = new Batcher((tasks) => {
    batches.push(tasks.map(nameOf));
    return new Promise<BatchReport>((resolve, reject) =>
      ends.push((error) =>
        error ? reject(error) : resolve({
          outcomes: tasks.map((task) => ({
            status: 422,
            detail: nameOf(task),
          })),
          timings: {},
          tensors: 0,
        })
      )
    );
  }, batchSize);
  const next = async (error?: Error) => {
    ends.shift()!(error);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { batcher, batches, next };
}

Deno.test("waiting tasks of one kind run together, oldest first, up to the batch size", async () => {
  const { batcher, batches, next } = noting(4);
  const tasks = [
    task("a"),
    task("b", 2),
    task("other", 1, "layer1"),
    task("c"),
    task("d", 2),
    task("e"),
    task("large", 9),
  ];
  const all = Promise.all(tasks.map((task) => batcher.submit(task, never)));
  assert.equal(batcher.waiting, 6);
  assert.equal(batcher.seconds, 2);
  for (let i = 0; i < 5; i++) await next();
  assert.deepEqual(batches, [["a"], ["b", "c"], ["other"], ["d", "e"], [
    "large",
  ]]);
  const done = await all;
  assert.deepEqual(
    done.map(({ outcome }) => (outcome as { detail: string }).detail),
    tasks.map(nameOf),
  );
  assert.equal(batcher.waiting, 0);
});

Deno.test("aborting removes a waiting task, and stops waiting for a running one", async () => {
  const { batcher, batches, next } = noting(1);
  const controller = new AbortController();
  const { signal } = controller;
  const results = Promise.allSettled([
    batcher.submit(task("runs"), signal),
    batcher.submit(task("waits"), signal),
    batcher.submit(task("stays"), never),
  ]);
  const reason = new Error("gone");
  controller.abort(reason);
  await assert.rejects(batcher.submit(task("late"), signal), reason);
  assert.equal(batcher.waiting, 1);
  await next();
  await next();
  assert.deepEqual(batches, [["runs"], ["stays"]]);
  assert.deepEqual(
    (await results).map((r) => r.status),
    ["rejected", "rejected", "fulfilled"],
  );
});

Deno.test("a failed batch doesn't stop the next ones", async () => {
  const { batcher, next } = noting(1);
  const results = Promise.allSettled([
    batcher.submit(task("a"), never),
    batcher.submit(task("b"), never),
  ]);
  await next(new Error("out of memory"));
  await next();
  assert.deepEqual(
    (await results).map((r) => r.status),
    ["rejected", "fulfilled"],
  );
});

Deno.test("in a batch each request gets its own values, errors and format", async () => {
  await using handler = tinyHandler({ batchSize: 4 });
  const alone = new Map<Uint8Array, number[]>();
  const query = "/features?layer=flatten";
  for (const file of [chelsea, rocket, coffee]) {
    const response = await ask(handler, post(query, file));
    const { pictures: [{ features }] } = await response.json();
    alone.set(file, features.flatten);
  }
  const damaged = chelsea.slice(0, 9999);
  const npy = { headers: { accept: "application/x-npy" } };
  const responses = await Promise.all([
    ask(handler, post(query, chelsea)),
    ask(handler, post(query, rocket)),
    ask(handler, post(query, damaged)),
    ask(handler, post(query, coffee, npy)),
    ask(handler, post("/features?layer=fc", coffee)),
    ask(handler, post(query, form({ "a.png": coffee, "b.jpg": rocket }))),
  ]);
  assert.deepEqual(
    responses.map(({ status }) => status),
    [200, 200, 422, 200, 200, 200],
  );
  const modelTimes = responses.map(({ headers }) =>
    /model;dur=[\d.]+/.exec(headers.get("server-timing")!)?.[0]
  );
  assert.equal(modelTimes[1], modelTimes[3], "they ran in different batches");
  const rows = async (i: number) =>
    (await responses[i].json()).pictures.map(
      ({ features }: { features: { flatten: number[] } }) => features.flatten,
    );
  const [[first], [second], both] = [
    await rows(0),
    await rows(1),
    await rows(5),
  ];
  const third = new Float32Array(
    (await responses[3].arrayBuffer()).slice(-2048),
  );
  const pairs: [ArrayLike<number>, Uint8Array][] = [
    [first, chelsea],
    [second, rocket],
    [third, coffee],
    [both[0], coffee],
    [both[1], rocket],
  ];
  for (const [got, file] of pairs) {
    assert(relativeError(got, alone.get(file)!) < 1e-5);
  }
  assert(
    relativeError(first, alone.get(rocket)!) > 0.1,
    "all pictures are one",
  );
});
