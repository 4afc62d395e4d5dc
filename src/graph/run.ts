/**
 * Running a plan: one kernel call for each step, and every tensor freed when it is dead.
 *
 * @module
 */

import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Kernels, Packed } from "../kernels/kernels.ts";
import type { Step, Value } from "./plan.ts";

/** What a run needs besides steps and input. */
export interface RunContext {
  readonly kernels: Kernels;
  /** The packed weights of the module of that name. */
  weights(module: string): Packed;
  /**
   * Called after a node's value is made. A tensor that it returns takes the value's place, and
   * belongs to the run from then on.
   */
  observe(node: Value, values: ReadonlyMap<Value, Tensor>): Tensor | undefined;
}

/**
 * Runs the steps.
 *
 * @param given The value that the plan starts from, and its name. It stays the caller's.
 * @param outputs Nodes to return; they must be among those that the plan was made to watch.
 * @returns Their values. They belong to the caller; every other tensor of the run is disposed,
 *   whether it succeeds or throws.
 */
export function runPlan(
  steps: readonly Step[],
  given: readonly [name: Value, value: Tensor4D],
  outputs: readonly Value[],
  { kernels, weights, observe }: RunContext,
): Map<Value, Tensor> {
  const values = new Map<Value, Tensor>([given]);
  try {
    for (const step of steps) {
      values.set(step.output, compute(step, values, kernels, weights));
      const replacement = observe(step.output, values);
      if (replacement) {
        values.get(step.output)!.dispose();
        values.set(step.output, replacement);
      }
      for (const value of step.dead) {
        values.get(value)!.dispose();
        values.delete(value);
      }
    }
    return new Map(outputs.map((name) => {
      const value = values.get(name)!;
      if (value === given[1]) return [name, value.clone()];
      values.delete(name);
      return [name, value];
    }));
  } finally {
    values.delete(given[0]);
    for (const value of values.values()) value.dispose();
  }
}

function compute(
  { operation, input }: Step,
  values: ReadonlyMap<Value, Tensor>,
  kernels: Kernels,
  weights: RunContext["weights"],
): Tensor {
  const x = values.get(input) as Tensor4D;
  const epilogue = (
    { residual, relu }: { residual?: Value; relu?: boolean },
  ) => ({
    residual: residual ? values.get(residual) as Tensor4D : undefined,
    relu,
  });
  switch (operation.kind) {
    case "conv2d":
      return kernels.conv2d(
        x,
        weights(operation.module.name),
        epilogue(operation),
      );
    case "unfoldedConv2d":
      return kernels.unfoldedConv2d(x, weights(operation.module.name));
    case "batchNorm":
      return kernels.batchNorm(
        x,
        weights(operation.conv.name),
        epilogue(operation),
      );
    case "elementwise":
      return kernels.elementwise(x, epilogue(operation));
    case "maxPool":
      return kernels.maxPool(x, operation.module);
    case "avgPool":
      return kernels.avgPool(x);
    case "flatten":
      return kernels.flatten(x);
    case "passThrough":
      return x.clone();
    case "linear":
      return kernels.linear(
        values.get(input) as Tensor2D,
        weights(operation.module.name),
      );
  }
}
