/**
 * A forward pass in words: its steps, their kernels and memory.
 *
 * @module
 */

import { makePlan, type Step } from "../graph/plan.ts";
import { prepareSegment } from "../graph/run.ts";
import { cutSegments } from "../graph/segments.ts";
import type { PreparedStep } from "../kernels/kernels.ts";
import { partsOf, type ResNet } from "./model.ts";

/** A step of a pass. */
export interface PassStep extends Omit<PreparedStep, "name"> {
  /** The nodes that it computes; only the last one's value is kept. */
  readonly nodes: readonly string[];
  /** Bytes of its weights. */
  readonly weightBytes: number;
}

/** A pass without hooks. */
export interface PassDescription {
  readonly steps: readonly PassStep[];
  /** Bytes that the steps share, besides input and output. */
  readonly arenaBytes: number;
}

/** Describes the pass of `forward` on inputs of a shape, NHWC. Stock kernels tell no steps. */
export function describePass(
  model: ResNet,
  shape: readonly number[],
): PassDescription {
  const { trace, kernels, parameters } = partsOf(model);
  const [segment] = cutSegments(
    makePlan(trace, new Set([trace.output])),
    new Set(),
  );
  const prepared = prepareSegment(segment, [shape], {
    kernels,
    weights: (module) => parameters.get(module),
  });
  try {
    const byOutput = new Map(segment.steps.map((step) => [step.output, step]));
    const steps = prepared.steps.map(({ name, ...rest }) => {
      const step = byOutput.get(name)!;
      const module = weightsOf(step);
      const weightBytes = module ? parameters.get(module).bytes : 0;
      return { nodes: step.nodes, weightBytes, ...rest };
    });
    return { steps, arenaBytes: prepared.arenaBytes };
  } finally {
    prepared.dispose();
  }
}

/** The module whose weights a step reads. */
function weightsOf({ operation }: Step): string | undefined {
  switch (operation.kind) {
    case "conv2d":
    case "unfoldedConv2d":
    case "linear":
      return operation.module.name;
    case "batchNorm":
      return operation.conv.name;
    case "elementwise":
    case "maxPool":
    case "smallAvgPool":
    case "avgPool":
    case "flatten":
    case "passThrough":
      return undefined;
    default:
      return operation satisfies never;
  }
}
