/**
 * From a checkpoint to the kernels.
 *
 * @module
 */

import type { BatchNorm2d, Conv2d } from "../arch/module.ts";
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
  { trace, kernels, storage }: Pick<
    ModelParts,
    "trace" | "kernels" | "storage"
  >,
  checkpoint: Checkpoint,
  warn: (message: string) => void = console.warn,
): Promise<Parameters> {
  const { nodes } = trace;
  const reader = new TensorReader(checkpoint, kernels.takesRows);
  const { inChannels } = trace.root.children.get("conv1") as Conv2d;
  const shapes = inferShapes(trace, [1, usualSide, usualSide, inChannels]);
  const parameters = new Parameters();
  /** The batch norm after each convolution; after the last one it may be cut off. */
  const norms = new Map<string, BatchNorm2d>();
  for (const { module, inputs } of nodes.values()) {
    if (module?.type === "BatchNorm2d") norms.set(inputs[0], module);
  }
  try {
    for (const { name, module, inputs: [from] } of nodes.values()) {
      if (module?.type === "Conv2d") {
        const weights = await reader.conv(module, norms.get(name));
        const [, usualHeight = usualSide] = shapes.get(from) ?? [];
        const loaded = kernels.loadConv(module, weights, {
          ...storage,
          usualHeight,
        });
        parameters.add(module.name, loaded);
        releaseFilter(weights.filter);
      } else if (module?.type === "Linear") {
        const { weight, bias } = await reader.linear(module);
        const loaded = kernels.loadLinear(module, weight, bias, storage);
        releaseFilter(weight);
        parameters.add(module.name, loaded);
      }
    }
  } catch (error) {
    parameters.dispose();
    throw error;
  }
  if (reader.notFinite.length > 0) {
    warn(
      `"${checkpoint.source}" has NaN or infinite values in ${
        few(reader.notFinite)
      }`,
    );
  }
  return parameters;
}
