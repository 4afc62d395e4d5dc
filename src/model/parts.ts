/**
 * What a model is made of.
 *
 * @module
 */

import {
  type CutNetwork,
  type OutputLayer,
  resolveOutput,
} from "../arch/cut_network.ts";
import { modulesOf } from "../arch/module.ts";
import type { Preset } from "../arch/preset.ts";
import { cutTrace } from "../arch/trace.ts";
import type { Kernels, WeightStorage } from "../kernels/kernels.ts";
import type { Parameters } from "./parameters.ts";

/** A network, up to its output layer, and what it takes to run it. */
export interface ModelParts extends CutNetwork {
  readonly kernels: Kernels;
  /** How the kernels keep weights. */
  readonly storage: WeightStorage;
  readonly parameters: Parameters;
  /** The transform that the weights were trained with. */
  readonly preset: Preset;
  /** The names of the classes, if the weights have them. */
  readonly labels?: readonly string[];
  /** Samples of the tensors by name, for the fingerprint. */
  readonly samples: ReadonlyMap<string, string>;
}

/**
 * The front of a model, on the same weights.
 *
 * @throws {RangeError} If the layer is unknown or comes after the model's end.
 */
export function cutParts(
  parts: ModelParts,
  outputLayer: OutputLayer,
): ModelParts {
  const output = resolveOutput(parts.trace, parts.full, outputLayer);
  const trace = cutTrace(parts.trace, output);
  const modules = [...modulesOf(trace.root)].map(({ name }) => name);
  return { ...parts, trace, parameters: parts.parameters.share(modules) };
}
