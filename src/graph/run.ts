/**
 * Running a plan: prepared once for an input's shape, then run any number of times.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Kernels, Prepared } from "../kernels/kernels.ts";
import type { KernelWeights, Operations } from "../kernels/operations.ts";
import { type Peak, peakOf, tooLarge } from "./peak.ts";
import type { Fused, Step, Value } from "./plan.ts";
import { cutSegments, type Segment } from "./segments.ts";

/** What a plan needs to run. */
export interface PlanContext {
  readonly kernels: Kernels;
  /** The weights of a module. */
  weights(module: string): KernelWeights;
}

/**
 * Called with each value that it may replace. A tensor that it returns replaces the value, and
 * belongs to the run.
 */
export type Observer = (
  node: Value,
  values: ReadonlyMap<Value, Tensor>,
) => Tensor | undefined;

/** Steps, prepared by the kernels for inputs of one shape. */
export class PreparedPlan {
  readonly #segments: readonly Segment[];
  /** By the index of the segment; a segment is prepared when it first runs. */
  readonly #prepared: (Prepared | undefined)[] = [];
  readonly #context: PlanContext;
  /** The memory that a run takes, and the bytes that are kept before the first. */
  #peak: Peak | undefined;

  /**
   * @param given Name of the value that the plan starts from.
   * @param stops Nodes to show to an observer before the pass goes on; the plan must watch them.
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
   * @param x The value that the plan starts from; it stays the caller's.
   * @param outputs Nodes to return; the plan must watch them.
   * @returns Their values, which belong to the caller. All other tensors of the run are disposed, also
   *   if it throws.
   * @throws {RangeError} If there isn't enough memory for all steps; none has run then.
   */
  run(
    x: Tensor4D,
    outputs: readonly Value[],
    observe: Observer,
  ): Map<Value, Tensor> {
    const { given } = this;
    this.#requireRoom(x.shape);
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

  /** Frees the prepared segments. */
  dispose(): void {
    for (const prepared of this.#prepared) prepared?.dispose();
  }

  #requireRoom(shape: readonly number[]): void {
    const { kernels } = this.#context;
    const peak = this.#peak ??= this.#measure(shape);
    const isFirst = this.#prepared.length === 0;
    const blocks = [...isFirst ? peak.kept : [], ...peak.run];
    if (kernels.hasRoom(blocks)) return;
    const needed = blocks.reduce((a, b) => a + b, 0);
    throw tooLarge(shape, needed, kernels, (shape) => this.#measure(shape));
  }

  #measure(shape: readonly number[]): Peak {
    const { kernels, weights } = this.#context;
    return peakOf(
      this.#segments,
      this.given,
      shape,
      (segment, shapes) =>
        kernels.measure(
          shapes,
          (operations, inputs) =>
            buildSegment(segment, inputs, operations, weights),
        ),
    );
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

/** Prepares a segment for inputs of these shapes. */
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

/** Runs the steps of a segment on values of any kind. */
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
    case "smallAvgPool":
      return operations.smallAvgPool(x, operation.module);
    case "avgPool":
      return operations.avgPool(x);
    case "flatten":
      return operations.flatten(x);
    case "linear":
      return operations.linear(x, weights(operation.module.name));
    case "passThrough":
      throw new Error("a passThrough step is a segment of its own");
    default:
      return operation satisfies never;
  }
}
