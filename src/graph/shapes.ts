/**
 * Shape arithmetic: the shape of every node for an input's shape.
 *
 * @module
 */

import { outputSize } from "../kernels/geometry.ts";
import { INPUT, type Trace, type TraceNode } from "../arch/trace.ts";

/** Shapes of all nodes, NHWC (`flatten` and `fc`: `[N, C]`), for an NHWC input shape. */
export function inferShapes(
  trace: Trace,
  input: readonly number[],
): Map<string, number[]> {
  const shapes = new Map<string, number[]>([[INPUT, [...input]]]);
  for (const node of trace.nodes.values()) {
    shapes.set(node.name, shapeOf(node, shapes.get(node.inputs[0])!));
  }
  shapes.delete(INPUT);
  return shapes;
}

function shapeOf(node: TraceNode, input: number[]): number[] {
  const [n, h, w, c] = input;
  switch (node.operation) {
    case "Conv2d": {
      const { module } = node;
      const { outChannels } = module;
      return [n, outputSize(h, module), outputSize(w, module), outChannels];
    }
    case "MaxPool2d": {
      const { module } = node;
      return [n, outputSize(h, module), outputSize(w, module), c];
    }
    case "AvgPool2d": {
      const { stride } = node.module;
      return [n, Math.ceil(h / stride), Math.ceil(w / stride), c];
    }
    case "AdaptiveAvgPool2d":
      return [n, 1, 1, c];
    case "Linear":
      return [n, node.module.outFeatures];
    case "Flatten":
    case "flatten":
      return [n, h * w * c];
    case "BatchNorm2d":
    case "ReLU":
    case "Identity":
    case "add":
    case "passThrough":
      return input;
    default:
      return node satisfies never;
  }
}
