/**
 * Our own kernels, on the heap of tfjs's wasm backend.
 *
 * @module
 */

import type { Linear } from "../arch/module.ts";
import { chooseAlgorithm } from "./algorithm.ts";
import { type ConvShape, OwnConv } from "./conv.ts";
import { type DeviceOptions, startDevice } from "./device.ts";
import type { Kernels } from "./kernels.ts";
import type { ThreadStatus } from "./pool.ts";
import { measurePass, PreparedPass } from "./prepared_pass.ts";
import { stockKernels } from "./stock.ts";

/** A set of kernels, with its threads and memory. */
export interface OwnKernels extends Kernels {
  /** How many threads compute now. */
  status(): ThreadStatus;
  /** Ends the threads and frees the memory. Dispose weights before. */
  dispose(): void;
}

/**
 * Starts the kernels on the backend that runs.
 *
 * @throws {Error} If the backend's memory is out of reach, or the runtime has no SIMD.
 */
export async function startOwnKernels(
  options: DeviceOptions,
): Promise<OwnKernels> {
  const device = await startDevice(options);
  return {
    status: () => device.pool.status,
    takesRows: true,
    loadConv(module, weights, { dtype, winograd = true, usualHeight } = {}) {
      const algorithm = winograd
        ? chooseAlgorithm(module, usualHeight, dtype)
        : "direct";
      return new OwnConv(device, module, algorithm, weights, dtype);
    },
    loadLinear(module, filter, bias, { dtype } = {}) {
      const scale = new Float32Array(), unfolded = new Map();
      const weights = { filter, bias, scale, unfolded };
      return new OwnConv(device, asConv(module), "direct", weights, dtype);
    },
    finishLoading: () => device.pool.finish(),
    readConv: (weights) => (weights as OwnConv).read(),
    readLinear(weights) {
      const { filter: weight, bias } = (weights as OwnConv).read();
      return { weight, bias };
    },
    prepare: (shapes, build) => new PreparedPass(device, shapes, build),
    measure: (shapes, build) => measurePass(device, shapes, build),
    hasRoom: (blocks) => device.heap.hasRoom(blocks),
    copy: stockKernels.copy,
    dispose: () => device.dispose(),
  };
}

/** A linear layer as a convolution of single pixels. */
const asConv = ({ inFeatures, outFeatures }: Linear): ConvShape => ({
  inChannels: inFeatures,
  outChannels: outFeatures,
  kernelSize: 1,
  stride: 1,
  padding: 0,
  dilation: 1,
  groups: 1,
});
