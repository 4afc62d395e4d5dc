/** Emscripten's glue code finds no runtime, or the one that it is shown. */

import assert from "node:assert/strict";
import { hideRuntime } from "../../src/runtime/hide.ts";

/** What a factory sees; its text is evaluated in another scope. */
function look() {
  const scope = globalThis as { process?: unknown };
  return {
    process: typeof process,
    global: typeof scope.process,
    require: typeof require,
    cores: typeof navigator === "object" ? navigator.hardwareConcurrency : 0,
    worker: typeof Worker === "string" ? Worker : "",
  };
}
declare const process: unknown, require: unknown;

Deno.test("hideRuntime hides the names of Node", () => {
  const { process, require, cores } = hideRuntime(look)();
  assert.deepEqual([process, require], ["undefined", "undefined"]);
  assert.equal(cores, navigator.hardwareConcurrency);
});

Deno.test("hideRuntime shows the cores and the Worker of a stage", () => {
  const seen = hideRuntime(look, { cores: 42, Worker: "mine" })();
  assert.equal(seen.process, "undefined");
  assert.equal(seen.cores, 42);
  assert.equal(seen.worker, "mine");
});

Deno.test("hideRuntime takes process away for the moment where no code comes from text", () => {
  const { Function } = globalThis;
  globalThis.Function = class {
    constructor() {
      throw new EvalError("not allowed");
    }
  } as unknown as FunctionConstructor;
  try {
    const hidden = hideRuntime(look);
    assert.equal(hidden().global, "undefined");
    assert.throws(
      () => hideRuntime(look, { cores: 2, Worker: null }),
      EvalError,
    );
  } finally {
    globalThis.Function = Function;
  }
  assert.equal(look().global, "object");
});
