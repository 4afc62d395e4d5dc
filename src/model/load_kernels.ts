import type { BackendInfo } from "../backend/start.ts";
import type { Kernels } from "../kernels/kernels.ts";

/** Our own kernels: their threads and memory are one set for the process. */
let own: Promise<Kernels> | undefined;

/** The set of kernels that the backend was started for. */
export async function loadKernels(
  { kernels, threads }: BackendInfo,
): Promise<Kernels> {
  if (kernels === "own") {
    own ??= import("../kernels/own.ts")
      .then(({ startOwnKernels }) => startOwnKernels({ threads }));
    own.catch(() => own = undefined); // A failed start is not remembered.
    return await own;
  }
  const { stockKernels } = await import("../kernels/stock.ts");
  return stockKernels;
}
