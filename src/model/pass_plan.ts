/**
 * What a forward pass will do, before it does it.
 *
 * @module
 */

import { makePlan, type Step } from "../graph/plan.ts";
import { prepareSegment } from "../graph/run.ts";
import { cutSegments } from "../graph/segments.ts";
import type { PreparedStep } from "../kernels/kernels.ts";
import type { ResNet } from "./model.ts";

/** A step of a pass. */
export interface PassStep extends Omit<PreparedStep, "name"> {
  /** The nodes that it computes; the last one's value is made. */
  readonly nodes: readonly string[];
  /** Bytes of its weights. */
  readonly weightBytes: number;
}

/** A pass without hooks. */
export interface PassPlan {
  readonly steps: readonly PassStep[];
  /** Bytes of memory that the steps share, besides input and output. */
  readonly arenaBytes: number;
}

/** Lays out a pass on inputs of a shape, NHWC, as `forward` would. Stock kernels say nothing. */
export function planPass(model: ResNet, shape: readonly number[]): PassPlan {
  const { trace, kernels, parameters } = model.parts;
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
  }
}
