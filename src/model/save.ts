/**
 * From a model in memory to a file of weights.
 *
 * @module
 */

import { modulesOf } from "../arch/module.ts";
import type { ModelParts } from "./parts.ts";
import { writeFile } from "../weights/write_file.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import { unfoldBatchNorm } from "../weights/fold.ts";
import { allTensors } from "../weights/differences.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { untoldOptions } from "../weights/untold_options.ts";
import { writePacked } from "../weights/pack.ts";

/** The options of {@linkcode ResNet.save}. */
export interface SaveOptions {
  /**
   * How filters are stored: `"float32"`, `"float16"` (half the bytes) or `"int8"` (a sixth). Default
   * `"float32"`.
   */
  readonly dtype?: WeightsDType;
}

/** Writes a model's weights as packed weights; see `ResNet.save`. */
export async function saveModel(
  path: string,
  parts: ModelParts,
  { dtype = "float32" }: SaveOptions,
): Promise<void> {
  const { row, preset, labels, trace, samples } = parts;
  const hasHead = trace.root.children.has("fc");
  const checkpoint = stateDict(parts);
  const metadata = {
    arch: row.name,
    network: untoldOptions(row),
    preset,
    labels: hasHead ? labels : undefined,
    samples: Object.fromEntries(samples),
  };
  await writeFile(path, await writePacked(checkpoint, { dtype, metadata }));
}

/**
 * A model's weights as a checkpoint, whose tensors are read on demand.
 *
 * The model's batch norms are folded in; the checkpoint has equivalent ones: see
 * {@linkcode unfoldBatchNorm}.
 */
export function stateDict(
  { row, trace, kernels, parameters }: ModelParts,
): Checkpoint {
  const modules = new Map([...modulesOf(trace.root)].map((m) => [m.name, m]));
  /** The convolution before each batch norm. */
  const convs = new Map<string, string>();
  for (const { module, inputs } of trace.nodes.values()) {
    if (module?.type !== "BatchNorm2d") continue;
    convs.set(module.name, trace.nodes.get(inputs[0])!.module!.name);
  }

  const readModule = (name: string): Record<string, Float32Array> => {
    if (modules.get(name)!.type === "Linear") {
      return { ...kernels.readLinear(parameters.get(name)) };
    }
    const conv = convs.get(name) ?? name;
    const { filter, norm } = unfoldBatchNorm(
      kernels.readConv(parameters.get(conv)),
      row.normEps,
    );
    if (conv === name) return { weight: filter };
    const { weight, bias, mean, variance } = norm;
    return { weight, bias, running_mean: mean, running_var: variance };
  };
  /** The last module read: its tensors are read one after the other. */
  let last = { module: "", tensors: {} as ReturnType<typeof readModule> };

  return {
    source: `the model ${row.name}`,
    tensors: new Map(
      allTensors(trace.root)
        .map(({ name, shape }) => [name, { shape, dtype: "float32" }]),
    ),
    read(name) {
      const dot = name.lastIndexOf(".");
      const module = name.slice(0, dot);
      if (last.module !== module) {
        last = { module, tensors: readModule(module) };
      }
      return Promise.resolve(
        new Float32Array(last.tensors[name.slice(dot + 1)]),
      );
    },
    close() {},
  };
}
