/**
 * Starts the backend in a process of its own, for `backend_test.ts`: prints what runs, how many
 * threads were started, and a feature to compare.
 *
 *     deno run tests/backend/backend_case.ts '{"threads":2}' [setting]
 */

import * as tf from "@tensorflow/tfjs-core";
import { backendInfo, createModel, startBackend } from "../../mod.ts";
import { load } from "../../src/runtime/wasm/load.js";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const [json, setting] = Deno.args;
let options = JSON.parse(json);

const { process } = globalThis as unknown as {
  process: {
    getBuiltinModule(
      id: string,
    ): { Worker: new (url: URL, options: object) => object };
  };
};
const { Worker: NodeWorker } = process.getBuiltinModule("node:worker_threads");
let started = 0;
const instances: string[] = [];
process.getBuiltinModule = () => ({
  Worker: class extends NodeWorker {
    constructor(url: URL, options: object) {
      // Without an env, a thread asks for permission to copy the program's.
      if (!("env" in options)) throw new Error("a thread without an env");
      super(url, options);
      started++;
    }
  },
});

switch (setting) {
  case "no-shared-memory":
    Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
    break;
  case "no-code-from-text": {
    const scope = globalThis as { Function: unknown; eval: unknown };
    scope.Function = scope.eval = function () {
      throw new EvalError("not allowed");
    };
    break;
  }
  case "no-permission": // As in node --permission.
    Object.assign(process, { permission: { has: () => false } });
    break;
  case "no-threads":
    process.getBuiltinModule = () => ({
      Worker: class {
        constructor() {
          throw new Error("out of threads");
        }
      },
    });
    break;
  case "little-memory": { // As on iOS.
    const { Memory } = WebAssembly;
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.maximum! > 2 ** 14) throw new RangeError("too large");
        super(descriptor);
      }
    };
    break;
  }
  case "modules": {
    const [simd, plain] = [await load("tfjsSimd"), await load("kernelsPlain")];
    options = { ...options, modules: { simd, kernels: { plain } } };
    const { Instance } = WebAssembly;
    WebAssembly.Instance = class extends Instance {
      constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
        super(module, imports);
        if (module === simd) instances.push("simd");
        if (module === plain) instances.push("plain");
      }
    };
    break;
  }
  case "external": {
    // The program has started the backend itself.
    const { BackendWasm } = await import("@tensorflow/tfjs-backend-wasm");
    const { bindTfjs, factoryOf, startCompiled } = await import(
      "../../src/backend/emscripten.ts"
    );
    const { hidden } = await import("../../src/runtime/hide.ts");
    const factory = factoryOf(
      await import(
        "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js"
      ),
    );
    const simd = await load("tfjsSimd");
    const module = bindTfjs(
      await hidden(() => factory(startCompiled(simd))),
    );
    tf.removeBackend("wasm");
    tf.registerBackend("wasm", () => new BackendWasm(module as never));
    await tf.setBackend("wasm");
  }
}

const info = await startBackend(options);
const arch = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
} as const;
const model = await createModel(arch, "flatten", formulaCheckpoint(arch));
const x = tf.tensor4d(uniform("input", 33 * 41 * 3), [1, 33, 41, 3]);
const features = [...model.forward(x).dataSync()];
// Threads join in while others compute.
for (let i = 0; i < 200 && backendInfo().running < info.threads; i++) {
  model.forward(x).dispose();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
const now = backendInfo();
const again = await startBackend().catch((error) => error.message);
const others = await startBackend({ threads: 7 }).catch((error) =>
  error.message
);
console.log(
  JSON.stringify({ info, now, instances, started, features, again, others }),
);
