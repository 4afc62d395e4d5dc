/**
 * Running a plan: laid out once for an input's shape, then run as often as one likes.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Kernels, Prepared } from "../kernels/kernels.ts";
import type { KernelWeights, Operations } from "../kernels/operations.ts";
import type { Fused, Step, Value } from "./plan.ts";
import { cutSegments, type Segment } from "./segments.ts";

/** What a plan needs besides its steps. */
export interface PlanContext {
  readonly kernels: Kernels;
  /** The weights of the module of that name. */
  weights(module: string): KernelWeights;
}

/**
 * Called when a value that it may replace is made. A tensor that it returns takes the value's
 * place, and belongs to the run from then on.
 */
export type Observer = (
  node: Value,
  values: ReadonlyMap<Value, Tensor>,
) => Tensor | undefined;

/** Steps with all that the kernels need to run them on inputs of one shape. */
export class PreparedPlan {
  readonly #segments: readonly Segment[];
  /** Those that have been run once, in the segments' places. */
  readonly #prepared: (Prepared | undefined)[] = [];
  readonly #context: PlanContext;

  /**
   * @param given Name of the value that the plan starts from.
   * @param stops Nodes that an observer wants to see before the pass goes on; they must be among
   *   those that the plan was made to watch.
   */
  constructor(
    steps: readonly Step[],
    readonly given: Value,
    stops: ReadonlySet<Value>,
    context: PlanContext,
  ) {
    this.#segments = cutSegments(steps, stops);
    this.#context = context;
  }

  /**
   * Runs the steps.
   *
   * @param x The value that the plan starts from. It stays the caller's.
   * @param outputs Nodes to return; they must be among those that the plan was made to watch.
   * @returns Their values. They belong to the caller; every other tensor of the run is disposed,
   *   whether it succeeds or throws.
   */
  run(
    x: Tensor4D,
    outputs: readonly Value[],
    observe: Observer,
  ): Map<Value, Tensor> {
    const { given } = this;
    const values = new Map<Value, Tensor>([[given, x]]);
    try {
      this.#segments.forEach((segment, i) => {
        this.#runSegment(i, values);
        const last = segment.steps.at(-1)!.output;
        const replacement = observe(last, values);
        if (replacement) {
          values.get(last)!.dispose();
          values.set(last, replacement);
        }
        for (const value of segment.dead) {
          values.get(value)!.dispose();
          values.delete(value);
        }
      });
      return new Map(outputs.map((name) => {
        const value = values.get(name)!;
        if (value === x) return [name, value.clone()];
        values.delete(name);
        return [name, value];
      }));
    } finally {
      values.delete(given);
      for (const value of values.values()) value.dispose();
    }
  }

  /** Frees what was laid out. */
  dispose(): void {
    for (const prepared of this.#prepared) prepared?.dispose();
  }

  #runSegment(i: number, values: Map<Value, Tensor>): void {
    const segment = this.#segments[i];
    const inputs = segment.inputs.map((name) => values.get(name)!);
    const [{ operation, output }] = segment.steps;
    if (operation.kind === "passThrough") {
      values.set(output, inputs[0].clone());
      return;
    }
    const prepared = this.#prepared[i] ??= this.#prepare(segment, inputs);
    const made = prepared.run(inputs);
    segment.outputs.forEach((name, j) => values.set(name, made[j]));
  }

  #prepare(segment: Segment, inputs: readonly Tensor[]): Prepared {
    const shapes = inputs.map(({ shape }) => shape);
    return prepareSegment(segment, shapes, this.#context);
  }
}

/** Lays out a segment for inputs of these shapes. */
export function prepareSegment(
  segment: Segment,
  shapes: readonly (readonly number[])[],
  { kernels, weights }: PlanContext,
): Prepared {
  return kernels.prepare(
    shapes,
    (operations, inputs) => buildSegment(segment, inputs, operations, weights),
  );
}

/** The steps of a segment, on whatever values the operations take. */
function buildSegment<V>(
  segment: Segment,
  inputs: readonly V[],
  operations: Operations<V>,
  weights: PlanContext["weights"],
): V[] {
  const values = new Map(segment.inputs.map((name, i) => [name, inputs[i]]));
  const outer = new Set(segment.inputs);
  for (const step of segment.steps) {
    operations.begin?.(step.output);
    values.set(step.output, compute(step, values, operations, weights));
    for (const name of step.dead) {
      if (!outer.has(name)) operations.release(values.get(name)!);
    }
  }
  return segment.outputs.map((name) => values.get(name)!);
}

function compute<V>(
  { operation, input }: Step,
  values: ReadonlyMap<Value, V>,
  operations: Operations<V>,
  weights: PlanContext["weights"],
): V {
  const x = values.get(input)!;
  const epilogue = ({ residual, relu }: Fused) => ({
    residual: residual ? values.get(residual) : undefined,
    relu,
  });
  switch (operation.kind) {
    case "conv2d":
      return operations.conv2d(
        x,
        weights(operation.module.name),
        epilogue(operation),
      );
    case "unfoldedConv2d":
      return operations.unfoldedConv2d(x, weights(operation.module.name));
    case "batchNorm":
      return operations.batchNorm(
        x,
        weights(operation.conv.name),
        epilogue(operation),
      );
    case "elementwise":
      return operations.elementwise(x, epilogue(operation));
    case "maxPool":
      return operations.maxPool(x, operation.module);
    case "avgPool":
      return operations.avgPool(x);
    case "flatten":
      return operations.flatten(x);
    case "linear":
      return operations.linear(x, weights(operation.module.name));
    case "passThrough":
      throw new Error("a step that computes nothing is a segment by itself");
    default:
      return operation satisfies never;
  }
}
