/**
 * Starting tfjs-core's `wasm` backend, in the fastest build that runs here.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { requireInteger, requireOneOf } from "../errors/expected.ts";
import { coreCount } from "../runtime/core_count.ts";
import { guardMalloc } from "../runtime/guard_malloc.ts";
import { hidden } from "../runtime/hide.ts";
import { whyNoThreads } from "../runtime/thread.ts";
import { load } from "../runtime/wasm/load.js";
import { checkConvolution } from "./check.ts";
import type { BackendModules, Build } from "../runtime/given_modules.ts";
import {
  bindTfjs,
  factoryOf,
  startCompiled,
  type WasmBackendModule,
} from "./emscripten.ts";
import { ensurePlatform } from "./platform.ts";
import { pthreadClass } from "./pthreads.ts";

/** How to start the backend. The defaults fit the machine. */
export interface BackendOptions {
  /** The number of threads, 1 to 8. Default: one for each logical core, at most 8. */
  readonly threads?: number;
  /** False: without SIMD, and so without threads. Default: with SIMD where supported. */
  readonly simd?: boolean;
  /**
   * `"own"`: Layertap's kernels, the default with SIMD. `"stock"`: tfjs's, which are two to three
   * times slower and keep each filter three times.
   */
  readonly kernels?: "stock" | "own";
  /**
   * Compiled modules, for runtimes that can't compile WebAssembly or import it themselves. Others
   * are loaded from this package.
   */
  readonly modules?: BackendModules;
}

/** The backend that runs. */
export interface BackendInfo {
  /** The build, or `"external"` if your program started tfjs's `wasm` backend itself. */
  readonly build: Build | "external";
  /** The number of threads asked for, the caller included; 1 in a build that has no others. */
  readonly threads: number;
  /** The kernels that models use. */
  readonly kernels: "stock" | "own";
  /** Why no faster build runs. */
  readonly fallback?: string;
}

/** The limit of tfjs's C++ code. */
const maxThreads = 8;

let running: {
  readonly options: BackendOptions;
  readonly info: Promise<BackendInfo>;
  /** The result, once it is there. */
  started?: BackendInfo;
} | null = null;

/** What `startBackend` has returned, if it has. */
export function startedBackend(): BackendInfo | undefined {
  return running?.started;
}

/** The modules that the program passed. */
export function givenModules(): BackendModules {
  return running?.options.modules ?? {};
}

/**
 * Starts the `wasm` backend of tfjs-core and makes it the current one.
 *
 * `createModel` calls it with the defaults; call it yourself, before that, to choose. A process
 * starts it once, and later calls return the same. Deno needs no flag and no permission. Its
 * threads don't keep the process alive. It checks one known convolution, since tfjs only logs an
 * operator that fails to start.
 *
 * @param options Threads, SIMD, kernels, compiled modules.
 * @returns The build, the kernels and the number of threads asked for; `backendInfo` says how many
 *   run.
 * @throws {RangeError} If `threads` isn't an integer from 1 to 8, or `kernels` unknown.
 * @throws {Error} If the backend already runs with other options, or no build starts.
 *
 * @example Start the backend, and see what runs
 * ```ts
 * import { startBackend } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const { build, threads } = await startBackend();
 * assert(build === "threaded-simd" ? threads > 1 : threads === 1);
 * ```
 */
export async function startBackend(
  options: BackendOptions = {},
): Promise<BackendInfo> {
  const { threads, kernels } = options;
  if (threads !== undefined) requireInteger("threads", threads, 1, maxThreads);
  if (kernels !== undefined) requireOneOf("kernels", kernels, ["stock", "own"]);
  if (running) return await requireSame(running, options);
  const info = start(options);
  running = { options, info };
  try {
    return running.started = await info;
  } catch (error) {
    running = null; // The next call tries again.
    throw error;
  }
}

/** The backend that runs, if it fits the options. */
async function requireSame(
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
      }): the backend already runs with other options ` +
        `(${now.build}, ${now.threads} threads, ${now.kernels} kernels); ` +
        `call startBackend once, before the first createModel`,
    );
  }
  return now;
}

async function start(options: BackendOptions): Promise<BackendInfo> {
  ensurePlatform();
  if (tf.engine().registry["wasm"]) {
    // Replacing it would lose its tensors.
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
      // Our kernels start their own threads.
      const stockThreads = kernels === "own" ? 1 : threads;
      const module = options.modules?.[build] ?? await load(files[build]);
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
  throw new Error(`cannot start the wasm backend: ${reasons.join("; ")}`);
}

function wantedThreads({ threads }: BackendOptions): number {
  return threads ?? Math.min(coreCount(), maxThreads);
}

/** The builds to try, fastest first. */
async function candidates(
  options: BackendOptions,
  reasons: string[],
): Promise<Build[]> {
  const { simd, threads } = await import("wasm-feature-detect");
  if (options.simd === false) return ["plain"];
  if (!await simd()) {
    reasons.push("this runtime has no SIMD");
    return ["plain"];
  }
  if (wantedThreads(options) === 1) return ["simd", "plain"];
  const why = whyNoThreads() ??
    (await threads() ? undefined : "this runtime has no WebAssembly threads");
  if (why === undefined) return ["threaded-simd", "simd", "plain"];
  reasons.push(why);
  return ["simd", "plain"];
}

/** The names of the builds among this package's modules. */
const files = {
  "threaded-simd": "tfjsThreadedSimd",
  simd: "tfjsSimd",
  plain: "tfjsPlain",
} as const;

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
    const options = {
      ...startCompiled(module, threads),
      mainScriptUrlOrBlob: "unused: the threads bring the factory with them",
      wasmMemory: sharedMemory(),
    };
    const Worker = pthreadClass(factory, threads - 1, reject);
    hidden(() => factory(options), Worker).then(resolve, reject);
  });
  // The glue code takes threads from the end; the real ones come first.
  wasm.PThread!.unusedWorkers.reverse();
  return wasm;
}

/** The largest memory that the engine gives, up to 4 GiB: iOS gives less. */
function sharedMemory(): WebAssembly.Memory {
  for (let maximum = 65536;; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 256, maximum, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError) || maximum <= 4096) throw error;
    }
  }
}

async function startSingle(
  module: WebAssembly.Module,
): Promise<WasmBackendModule> {
  const factory = factoryOf(
    await import(
      "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js"
    ),
  );
  return await hidden(() => factory(startCompiled(module)));
}

/** Registers the backend as `wasm`, so that tfjs's kernels apply. Returns its number of threads. */
async function register(
  module: WasmBackendModule,
  threads: number,
): Promise<number> {
  const { BackendWasm, getThreadsCount, setThreadsCount } = await import(
    "@tensorflow/tfjs-backend-wasm"
  );
  bindTfjs(module);
  guardMalloc(module, (module.wasmMemory ?? module.asm?.memory)!);
  setThreadsCount(threads);
  tf.removeBackend("wasm"); // The package's own factory, which wouldn't find its files.
  tf.registerBackend(
    "wasm",
    () => new BackendWasm(module as never),
    3,
  );
  try {
    if (!await tf.setBackend("wasm")) {
      throw new Error("tfjs-core rejected the backend");
    }
    await checkConvolution();
    return getThreadsCount();
  } catch (error) {
    tf.removeBackend("wasm");
    throw error;
  }
}
