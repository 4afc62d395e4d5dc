/**
 * From a checkpoint to the kernels.
 *
 * @module
 */

import { warnOnConsole } from "../errors/printable.ts";
import { type BatchNorm2d, inChannelsOf } from "../arch/module.ts";
import { few } from "../errors/expected.ts";
import { release } from "../runtime/release.ts";
import { inferShapes } from "../graph/shapes.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import type { Filter } from "../arch/folded_conv.ts";
import { TensorReader } from "../weights/load.ts";
import { Parameters } from "./parameters.ts";
import type { ModelParts } from "./parts.ts";

const releaseFilter = (filter: Filter) =>
  release(filter instanceof Float32Array ? filter : filter.values);

/** Height and width of pictures in training. */
const usualSide = 224;

/** Reads, folds and loads the weights of a trace, one layer at a time in its order. */
export async function loadParameters(
  { row, trace, kernels, storage }: Pick<
    ModelParts,
    "row" | "trace" | "kernels" | "storage"
  >,
  checkpoint: Checkpoint,
  warn: (message: string) => void = warnOnConsole,
): Promise<Pick<ModelParts, "parameters" | "samples">> {
  const { nodes } = trace;
  const reader = new TensorReader(checkpoint, kernels.takesRows, row.normEps);
  const inChannels = inChannelsOf(trace.root);
  const shapes = inferShapes(trace, [1, usualSide, usualSide, inChannels]);
  const parameters = new Parameters();
  /** The batch norm after each convolution; after the last one it may be cut off. */
  const norms = new Map<string, BatchNorm2d>();
  for (const { module, inputs } of nodes.values()) {
    if (module?.type === "BatchNorm2d") norms.set(inputs[0], module);
  }
  try {
    for (const node of nodes.values()) {
      switch (node.operation) {
        case "Conv2d": {
          const { name, module, inputs } = node;
          const weights = await reader.conv(module, norms.get(name));
          const [, usualHeight = usualSide] = shapes.get(inputs[0]) ?? [];
          const here = { ...storage, usualHeight };
          parameters.add(module.name, kernels.loadConv(module, weights, here));
          releaseFilter(weights.filter);
          break;
        }
        case "Linear": {
          const { module } = node;
          const { weight, bias } = await reader.linear(module);
          const loaded = kernels.loadLinear(module, weight, bias, storage);
          parameters.add(module.name, loaded);
          releaseFilter(weight);
          break;
        }
        case "BatchNorm2d": // Folded into its convolution.
        case "ReLU":
        case "MaxPool2d":
        case "AvgPool2d":
        case "AdaptiveAvgPool2d":
        case "Identity":
        case "Flatten":
        case "add":
        case "flatten":
        case "passThrough":
          break;
        default:
          node satisfies never;
      }
    }
  } catch (error) {
    parameters.dispose();
    throw error;
  } finally {
    kernels.finishLoading();
  }
  if (reader.negative.length > 0) {
    warn(
      `"${checkpoint.source}" has variances below zero in ${
        few(reader.negative)
      }; features will be NaN`,
    );
  }
  if (reader.notFinite.length > 0) {
    warn(
      `"${checkpoint.source}" has NaN or infinite values in ${
        few(reader.notFinite)
      }`,
    );
  }
  return { parameters, samples: reader.samples };
}
