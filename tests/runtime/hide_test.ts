/** Emscripten's glue code finds no runtime, or what it is shown. */

import assert from "node:assert/strict";
import { hidden } from "../../src/runtime/hide.ts";

/** What a factory sees. */
function look() {
  const scope = globalThis as { process?: unknown; Worker?: unknown };
  return { process: typeof scope.process, worker: scope.Worker };
}

const descriptors = () =>
  ["process", "Worker"].map((name) =>
    Object.getOwnPropertyDescriptor(globalThis, name)
  );

Deno.test("a factory finds no process, and the Worker that it is shown", () => {
  const before = look();
  assert.equal(before.process, "object");
  const own = descriptors();
  assert.deepEqual(hidden(look), { ...before, process: "undefined" });
  assert.deepEqual(hidden(look, "mine"), {
    process: "undefined",
    worker: "mine",
  });
  const fail = () => {
    throw new Error("broken");
  };
  assert.throws(() => hidden(fail, "mine"), /broken/);
  assert.deepEqual(descriptors(), own);
});

Deno.test("where there is no Worker, there is none afterwards", () => {
  const Worker = Object.getOwnPropertyDescriptor(globalThis, "Worker")!;
  Reflect.deleteProperty(globalThis, "Worker");
  try {
    assert.equal(hidden(look, "mine").worker, "mine");
    assert(!("Worker" in globalThis));
  } finally {
    Object.defineProperty(globalThis, "Worker", Worker);
  }
});
