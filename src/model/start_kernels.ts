/**
 * The kernels of the backend that runs.
 *
 * @module
 */

import {
  type BackendInfo,
  givenModules,
  startBackend,
  startedBackend,
} from "../backend/start.ts";
import { asIs, expected } from "../errors/expected.ts";
import type { Kernels, WeightStorage } from "../kernels/kernels.ts";
import type { OwnKernels } from "../kernels/own.ts";

/** Our own kernels: one set of threads and memory for the process. */
let own: Promise<OwnKernels> | undefined;
let started: OwnKernels | undefined;

/** The memory by which the kernels' threads coordinate, if this thread doesn't own it. */
let words: Int32Array | undefined;

/**
 * Lets another thread end the kernels' threads by this memory, since they don't end with this one.
 * Call it before the first model.
 */
export function shareKernelThreads(control: Int32Array): void {
  words = control;
}

/**
 * Starts the backend, if it isn't running yet, and its kernels.
 *
 * @param storage What the kernels must be able to do.
 */
export function startKernels(storage: WeightStorage): Promise<Kernels> {
  const kernels = startBackend().then(async (info) => {
    if (info.kernels === "stock") requireStock(storage);
    return await loadKernels(info);
  });
  kernels.catch(() => {}); // It is reported where the kernels are awaited.
  return kernels;
}

function requireStock({ dtype, winograd }: WeightStorage): void {
  if (dtype === "float32" && winograd) return;
  throw new Error(
    expected(
      "createModel with stock kernels",
      'memory "fast" and dtype "float32"',
      asIs(winograd ? `dtype "${dtype}"` : 'memory "small"'),
    ),
  );
}

async function loadKernels(
  { kernels, threads }: BackendInfo,
): Promise<Kernels> {
  if (kernels === "own") {
    own ??= import("../kernels/own.ts")
      .then(({ startOwnKernels }) =>
        startOwnKernels({ threads, words, modules: givenModules().kernels })
      );
    own.catch(() => own = undefined); // A failed start is tried again.
    return started = await own;
  }
  const { stockKernels } = await import("../kernels/stock.ts");
  return stockKernels;
}

/** The backend, and how many threads compute now. */
export interface RunningBackend extends BackendInfo {
  /** Threads that compute now, the caller included. Others join as soon as they have started. */
  readonly running: number;
  /** Why no faster build runs, and why fewer threads than were asked for. */
  readonly fallback?: string;
}

/**
 * What runs now. A thread that can't start, or ends, means fewer threads and is no error.
 *
 * @throws {Error} If the backend doesn't run yet.
 *
 * @example See how many threads run
 * ```ts
 * import { backendInfo, createModel } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18", "layer1");
 * const { running, threads, fallback } = backendInfo();
 * assert(running === threads || fallback !== undefined);
 * ```
 */
export function backendInfo(): RunningBackend {
  const info = startedBackend();
  if (!info) {
    throw new Error(
      "the backend doesn't run; call startBackend or createModel first",
    );
  }
  if (info.kernels === "stock") return { ...info, running: info.threads };
  const { running, why } = started?.status() ??
    { running: 1, why: "its other threads start with the first model" };
  if (running >= info.threads) return { ...info, running: info.threads };
  const fallback = info.fallback ? `${info.fallback}; ${why}` : why;
  return { ...info, running, fallback };
}
