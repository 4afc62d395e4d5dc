/**
 * Our own kernels, on the heap of tfjs's wasm backend.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Conv2d, Linear } from "../arch/module.ts";
import { OwnConv } from "./conv.ts";
import type { Build, Epilogue, Kernels, Operations } from "./kernels.ts";
import { chooseAlgorithm } from "./planner.ts";
import { OwnPrepared } from "./prepared.ts";
import { type Runtime, type RuntimeOptions, startRuntime } from "./means.ts";
import { stockKernels } from "./stock.ts";

/** A set of kernels, with the threads and memory that belong to it. */
export interface OwnKernels extends Kernels {
  readonly threads: number;
  /** Ends the threads and frees its memory. What it has packed must be disposed before. */
  dispose(): void;
}

/**
 * Starts the kernels on the backend that runs.
 *
 * @throws {Error} If the backend's memory can't be reached, or the runtime has no SIMD.
 */
export async function startOwnKernels(
  options: RuntimeOptions,
): Promise<OwnKernels> {
  return kernelsOn(await startRuntime(options));
}

function kernelsOn(runtime: Runtime): OwnKernels {
  const prepare = (shapes: readonly (readonly number[])[], build: Build) =>
    new OwnPrepared(runtime, shapes, build);

  /** One operation, at once. */
  const once = (
    inputs: readonly Tensor[],
    operation: <V>(operations: Operations<V>, inputs: readonly V[]) => V,
  ): Tensor => {
    const prepared = prepare(
      inputs.map(({ shape }) => shape),
      (operations, inputs) => [operation(operations, inputs)],
    );
    try {
      return prepared.run(inputs)[0];
    } finally {
      prepared.dispose();
    }
  };
  const operands = (x: Tensor, { residual }: Epilogue<Tensor>) =>
    residual ? [x, residual] : [x];

  return {
    threads: runtime.pool.threads,
    packsRows: true,
    packConv: (module, weights, { dtype, winograd = true, usualHeight } = {}) =>
      new OwnConv(
        runtime,
        module,
        winograd ? chooseAlgorithm(module, usualHeight, dtype) : "direct",
        weights,
        dtype,
      ),
    packLinear: (module, filter, bias, { dtype } = {}) => {
      const scale = new Float32Array(), unfolded = new Map();
      const weights = { filter, bias, scale, unfolded };
      return new OwnConv(runtime, asConv(module), "direct", weights, dtype);
    },
    unpackConv: (weights) => (weights as OwnConv).unpack(),
    unpackLinear: (weights) => {
      const { filter: weight, bias } = (weights as OwnConv).unpack();
      return { weight, bias };
    },
    conv2d: (x, weights, epilogue) =>
      once(
        operands(x, epilogue),
        (operations, [x, residual]) =>
          operations.conv2d(x, weights, { ...epilogue, residual }),
      ) as Tensor4D,
    unfoldedConv2d: (x, weights) =>
      once([x], (operations, [x]) => operations.unfoldedConv2d(x, weights)),
    batchNorm: (x, weights, epilogue) =>
      once(
        operands(x, epilogue),
        (operations, [x, residual]) =>
          operations.batchNorm(x, weights, { ...epilogue, residual }),
      ),
    elementwise: (x, epilogue) =>
      once(
        operands(x, epilogue),
        (operations, [x, residual]) =>
          operations.elementwise(x, { ...epilogue, residual }),
      ),
    maxPool: (x, module) =>
      once([x], (operations, [x]) => operations.maxPool(x, module)),
    avgPool: (x) => once([x], (operations, [x]) => operations.avgPool(x)),
    flatten: (x) => once([x], (operations, [x]) => operations.flatten(x)),
    linear: (x, weights) =>
      once([x], (operations, [x]) => operations.linear(x, weights)),
    release: (x) => x.dispose(),
    prepare,
    copy: stockKernels.copy,
    dispose: () => runtime.dispose(),
  };
}

/** A linear layer as a convolution of single pixels. */
const asConv = (
  { inFeatures, outFeatures }: Linear,
): Omit<Conv2d, "type" | "name" | "children"> => ({
  inChannels: inFeatures,
  outChannels: outFeatures,
  kernelSize: 1,
  stride: 1,
  padding: 0,
  dilation: 1,
  groups: 1,
});
