/**
 * The kernels of the backend that runs.
 *
 * @module
 */

import { type BackendInfo, startBackend } from "../backend/start.ts";
import { asIs, expected } from "../errors/expected.ts";
import type { Kernels, WeightStorage } from "../kernels/kernels.ts";

/** Our own kernels: one set of threads and memory for the process. */
let own: Promise<Kernels> | undefined;

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
      .then(({ startOwnKernels }) => startOwnKernels({ threads, words }));
    own.catch(() => own = undefined); // A failed start is tried again.
    return await own;
  }
  const { stockKernels } = await import("../kernels/stock.ts");
  return stockKernels;
}
