/**
 * Starting tfjs-core's `wasm` backend: the fastest build that the runtime can run.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { checkConvolution } from "./check.ts";
import { coreCount } from "../runtime/core_count.ts";
import { hideRuntime } from "../runtime/hide.ts";
import { canStartThreads } from "../runtime/thread.ts";
import {
  bindTfjs,
  factoryOf,
  startCompiled,
  type WasmBackendModule,
} from "./emscripten.ts";
import { pthreadClass } from "./pthreads.ts";

/** Which of the package's three WebAssembly builds runs. */
export type Build = "threaded-simd" | "simd" | "plain";

/** How to start the backend; what is left out is chosen for the machine. */
export interface BackendOptions {
  /** Threads to compute with, 1 to 8. Default: all logical cores, at most 8. */
  readonly threads?: number;
  /** False keeps to the build without SIMD (and without threads). Default: where supported. */
  readonly simd?: boolean;
  /**
   * `"own"`: Layertap's, the default wherever there is SIMD. `"stock"`: tfjs's, which take two to
   * three times as long and keep each filter three times.
   */
  readonly kernels?: "stock" | "own";
  /**
   * Compiled builds, for runtimes that allow WebAssembly only precompiled or that lack
   * source-phase imports. A build that is not given here is loaded from the npm package.
   */
  readonly modules?: Readonly<Partial<Record<Build, WebAssembly.Module>>>;
}

/** What runs. */
export interface BackendInfo {
  /** The build, or `"external"` if the program had started tfjs's `wasm` backend itself. */
  readonly build: Build | "external";
  /** Threads that the models' kernels compute with, the calling one included. */
  readonly threads: number;
  /** The kernels that models use. */
  readonly kernels: "stock" | "own";
  /** Why it isn't a faster build, if it isn't. */
  readonly fallback?: string;
}

/** The C++ side has no more threads than this. */
const maxThreads = 8;

let running: { options: BackendOptions; info: Promise<BackendInfo> } | null =
  null;

/**
 * Starts the `wasm` backend of tfjs-core and makes it the current one.
 *
 * `createModel` calls it with the defaults if nobody did before. It runs once for a process; a
 * later call gives the same answer. In Deno it needs no flag and no permission. Workers don't keep
 * the process alive. One known convolution is checked before it returns, since the stock backend
 * only logs an operator that failed to start.
 *
 * @param options Threads, SIMD, precompiled modules.
 * @returns The build and the number of threads that run.
 * @throws {RangeError} If `threads` is no integer from 1 to 8.
 * @throws {Error} If the backend runs already with other options, or if no build can be started.
 *
 * @example Say what runs
 * ```ts
 * import { startBackend } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const { build, threads } = await startBackend();
 * assert(build === "threaded-simd" ? threads > 1 : threads === 1);
 * ```
 */
export function startBackend(
  options: BackendOptions = {},
): Promise<BackendInfo> {
  const { threads } = options;
  if (
    threads !== undefined &&
    !(Number.isInteger(threads) && threads >= 1 && threads <= maxThreads)
  ) {
    return Promise.reject(
      new RangeError(
        `threads: got ${threads}, an integer from 1 to ${maxThreads} is allowed`,
      ),
    );
  }
  const { kernels } = options;
  if (kernels !== undefined && kernels !== "stock" && kernels !== "own") {
    return Promise.reject(
      new RangeError(
        `kernels: got ${
          JSON.stringify(kernels)
        }, "stock" and "own" are allowed`,
      ),
    );
  }
  if (running) return agree(running, options);
  const info = start(options);
  running = { options, info };
  info.catch(() => running = null); // A failed start is not remembered.
  return info;
}

/** The running backend, if it is what the caller asks for. */
async function agree(
  { options: first, info }: NonNullable<typeof running>,
  { threads, simd, kernels }: BackendOptions,
): Promise<BackendInfo> {
  const now = await info;
  if (
    (kernels !== undefined && kernels !== now.kernels) ||
    (threads !== undefined && threads !== first.threads &&
      threads !== now.threads) ||
    (simd !== undefined && simd !== (first.simd ?? now.build !== "plain"))
  ) {
    throw new Error(
      `startBackend(${
        JSON.stringify({ threads, simd, kernels })
      }): the backend runs already ` +
        `(${now.build}, ${now.threads} threads, ${now.kernels} kernels), and starts once in a process; ` +
        `call it before the first createModel`,
    );
  }
  return now;
}

async function start(options: BackendOptions): Promise<BackendInfo> {
  if (tf.engine().registry["wasm"]) {
    // Its tensors would be lost with it.
    await tf.setBackend("wasm");
    const { getThreadsCount } = await import("@tensorflow/tfjs-backend-wasm");
    const { simd } = await import("wasm-feature-detect");
    const { kernels = await simd() ? "own" : "stock" } = options;
    return { build: "external", threads: getThreadsCount(), kernels };
  }
  const reasons: string[] = [];
  for (const build of await candidates(options, reasons)) {
    try {
      const { kernels = build === "plain" ? "stock" : "own" } = options;
      const threads = build === "threaded-simd" ? wantedThreads(options) : 1;
      // Our own kernels start threads of their own.
      const stockThreads = kernels === "own" ? 1 : threads;
      const module = options.modules?.[build] ?? await compile(build);
      const actual = await register(
        build === "threaded-simd"
          ? await startThreaded(module, stockThreads)
          : await startSingle(module),
        stockThreads,
      );
      const fallback = reasons.length ? { fallback: reasons.join("; ") } : {};
      return {
        build,
        threads: kernels === "own" ? threads : actual,
        kernels,
        ...fallback,
      };
    } catch (error) {
      reasons.push(`${build}: ${(error as Error).message ?? error}`);
    }
  }
  throw new Error(`no build of the wasm backend starts: ${reasons.join("; ")}`);
}

function wantedThreads({ threads }: BackendOptions): number {
  return threads ?? Math.min(coreCount(), maxThreads);
}

/** The builds worth trying, fastest first. */
async function candidates(
  options: BackendOptions,
  reasons: string[],
): Promise<Build[]> {
  const { simd, threads } = await import("wasm-feature-detect");
  if (options.simd === false) return ["plain"];
  if (!await simd()) {
    reasons.push("no SIMD in this runtime");
    return ["plain"];
  }
  if (wantedThreads(options) === 1) return ["simd", "plain"];
  if (await threads() && canStartThreads()) {
    return ["threaded-simd", "simd", "plain"];
  }
  reasons.push("no shared memory or no workers in this runtime");
  return ["simd", "plain"];
}

async function compile(build: Build): Promise<WebAssembly.Module> {
  const modules = await import("../runtime/wasm/tfjs.js");
  switch (build) {
    case "threaded-simd":
      return await modules.threadedSimd();
    case "simd":
      return await modules.simd();
    case "plain":
      return await modules.plain();
  }
}

async function startThreaded(
  module: WebAssembly.Module,
  threads: number,
): Promise<WasmBackendModule> {
  const factory = factoryOf(
    await import(
      "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js"
    ),
  );
  const wasm = await new Promise<WasmBackendModule>((resolve, reject) => {
    const start = hideRuntime(factory, {
      cores: threads * 2, // The C++ side takes half of them.
      Worker: pthreadClass(factory, threads - 1, reject),
    });
    start({
      ...startCompiled(module),
      mainScriptUrlOrBlob: "unused: the threads bring the factory with them",
    }).then(resolve, reject);
  });
  // The glue code takes threads from the end; the real ones come first.
  wasm.PThread!.unusedWorkers.reverse();
  return wasm;
}

async function startSingle(
  module: WebAssembly.Module,
): Promise<WasmBackendModule> {
  const factory = factoryOf(
    await import(
      "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js"
    ),
  );
  return await hideRuntime(factory)(startCompiled(module));
}

/** Registers the backend under the name whose stock kernels apply; gives its number of threads. */
async function register(
  module: WasmBackendModule,
  threads: number,
): Promise<number> {
  const { BackendWasm, getThreadsCount, setThreadsCount } = await import(
    "@tensorflow/tfjs-backend-wasm"
  );
  bindTfjs(module);
  setThreadsCount(threads);
  tf.removeBackend("wasm"); // The package's own factory, which would not find its files.
  tf.registerBackend(
    "wasm",
    () => new BackendWasm(module as never),
    3,
  );
  try {
    if (!await tf.setBackend("wasm")) {
      throw new Error("tfjs-core refused the backend");
    }
    await checkConvolution();
    return getThreadsCount();
  } catch (error) {
    tf.removeBackend("wasm");
    throw error;
  }
}
