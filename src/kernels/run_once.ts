import type { Tensor } from "@tensorflow/tfjs-core";
import type { Kernels } from "./kernels.ts";
import type { Operations } from "./operations.ts";

/**
 * Runs one operation on tensors, for what isn't worth preparing.
 *
 * @returns A tensor that belongs to the caller.
 */
export function runOnce<T extends Tensor>(
  kernels: Kernels,
  inputs: readonly Tensor[],
  operation: <V>(operations: Operations<V>, inputs: readonly V[]) => V,
): T {
  const prepared = kernels.prepare(
    inputs.map(({ shape }) => shape),
    (operations, values) => [operation(operations, values)],
  );
  try {
    return prepared.run(inputs)[0] as T;
  } finally {
    prepared.dispose();
  }
}
