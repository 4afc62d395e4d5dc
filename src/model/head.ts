/**
 * Another head on the same network.
 *
 * @module
 */

import type { Linear } from "../arch/module.ts";
import { buildResNet } from "../arch/resnet.ts";
import { asIs, expected } from "../errors/expected.ts";
import { moduleAt, type Trace, traceForward } from "../arch/trace.ts";
import { sampleOf } from "../weights/tensor_sample.ts";
import { requireLabels } from "./head_class.ts";
import type { ModelParts } from "./parts.ts";

/** The weights of a linear layer, in PyTorch's layout. */
export interface LinearWeights {
  /** `[classes, features]`, row by row. */
  readonly weight: Float32Array;
  /** `[classes]`. */
  readonly bias: Float32Array;
  /** The names of the classes, for `classify` and for files that `save` writes. */
  readonly labels?: readonly string[];
}

/**
 * A network's parts with another `fc`; the other weights are shared.
 *
 * @throws {RangeError} If there aren't as many labels as classes.
 * @throws {TypeError} If the weight's length isn't classes times features, or there are no classes.
 */
export function replaceHead(
  parts: ModelParts,
  { weight, bias, labels }: LinearWeights,
): ModelParts {
  if (labels) requireLabels(labels, bias.length);
  const row = { ...parts.row, numClasses: bias.length };
  const full: Trace = traceForward(buildResNet(row));
  const fc = moduleAt(full.root, "fc") as Linear | undefined;
  if (!fc || weight.length !== fc.inFeatures * fc.outFeatures) {
    throw new TypeError(expected(
      "withHead",
      `a weight [classes, ${
        fc?.inFeatures ?? "features"
      }] and a bias [classes]`,
      asIs(`${weight.length} and ${bias.length} numbers`),
    ));
  }
  const trunk = [...full.nodes.keys()];
  const parameters = parts.parameters.share(trunk.filter((n) => n !== "fc"));
  parameters.add(
    "fc",
    parts.kernels.loadLinear(fc, weight, bias, parts.storage),
  );
  parts.kernels.finishLoading();
  const samples = new Map([
    ...parts.samples,
    ["fc.weight", sampleOf(weight)],
    ["fc.bias", sampleOf(bias)],
  ]);
  return { ...parts, row, full, trace: full, parameters, labels, samples };
}
