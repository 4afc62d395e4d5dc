/**
 * Several nodes under names of your own, as torchvision's and timm's feature extractors give them.
 *
 * @module
 */

import "../runtime/dispose.ts";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Layer } from "../arch/layer_name.ts";
import { asIs, expected } from "../errors/expected.ts";
import { partsOf, type ResNet } from "./model.ts";
import type { OutputOf } from "./output_of.ts";

/** A stage, whose features detection and segmentation heads use. */
export interface FeatureInfo {
  /** The module that ends the stage: `"relu"` (ResNet-D's `"act1"`), `"layer1"` … `"layer4"`. */
  readonly module: string;
  /** Channels of its output. */
  readonly channels: number;
  /** How many times smaller than the input it is, in each direction. */
  readonly reduction: number;
}

/** Nodes, and the names of their values: see {@linkcode createFeatureExtractor}. */
export type FeatureNodes =
  | readonly string[]
  | Readonly<Record<string, string>>
  | { readonly outIndices: readonly number[] };

/** The front of a network that returns several nodes: see {@linkcode createFeatureExtractor}. */
export interface FeatureExtractor<Values = Record<string, Tensor>>
  extends Disposable {
  /** The names of the results, in the given order. */
  readonly names: readonly string[];
  /**
   * Computes the nodes in one pass.
   *
   * @param x A batch `[N, H, W, 3]`, as for `model.forward`. It stays the caller's.
   * @returns The values by the extractor's names, NHWC; they belong to the caller.
   */
  forward(x: Tensor4D): Values;
  /** Frees the weights, except those that other models share. */
  dispose(): void;
}

/**
 * The stages of a network, as in timm's `feature_info`: the stem's ReLU, then `layer1` to `layer4`, as
 * far as the model goes.
 *
 * @example Channels and reductions
 * ```ts
 * import { createModel, featureInfo } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18", "layer3");
 * assert.deepEqual(featureInfo(model).at(-1), { module: "layer3", channels: 256, reduction: 16 });
 * ```
 */
export function featureInfo(model: ResNet): FeatureInfo[] {
  const side = 1024; // Every stage divides it.
  const shapes = model.shapes([1, side, side, model.inChannels]);
  const { calls } = partsOf(model).trace;
  const stem = model.layers.has("act1") ? "act1" : "relu";
  return [stem, "layer1", "layer2", "layer3", "layer4"].flatMap((module) => {
    const call = calls.find((call) => call.module.name === module);
    if (!call) return [];
    const [, height, , channels] = shapes.get(call.output)!;
    return [{ module, channels, reduction: side / height }];
  });
}

/**
 * Creates a feature extractor: several nodes by name, computed as far as the deepest of them.
 *
 * It shares the model's weights; dispose each of the two, in any order. It doesn't have the model's
 * hooks.
 *
 * @param model The network.
 * @param nodes A list of node or module names; an object from such names to your own; or timm's
 *   `{ outIndices }`, which counts the stages of {@linkcode featureInfo}, from the end if negative.
 * @returns The extractor; dispose it to free its weights.
 * @throws {RangeError} If a name is unknown, comes after the model's last layer or is given twice, a
 *   stage doesn't exist, or there are no names.
 * @see torchvision 0.14.1, `models/feature_extraction.py`; timm, `features_only=True`.
 *
 * @example Names of your own
 * ```ts
 * import { createFeatureExtractor, createModel } from "@layertap/resnet";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18");
 * using extractor = createFeatureExtractor(model, { "layer2.1.relu_1": "low", layer4: "high" });
 * const { low, high } = extractor.forward(tf.zeros([1, 64, 64, 3]));
 * assert.deepEqual([low.shape, high.shape], [[1, 8, 8, 128], [1, 2, 2, 512]]);
 * ```
 *
 * @example The four stages, as for a detector
 * ```ts
 * import { createFeatureExtractor, createModel } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18");
 * using pyramid = createFeatureExtractor(model, { outIndices: [1, 2, 3, 4] });
 * assert.deepEqual(pyramid.names, ["layer1", "layer2", "layer3", "layer4"]);
 * ```
 */
export function createFeatureExtractor<
  Arch,
  const Nodes extends FeatureNodes,
  Values = Nodes extends readonly (infer Name extends string)[]
    ? { [N in Name]: OutputOf<N> }
    : Nodes extends { readonly outIndices: unknown } ? Record<string, Tensor4D>
    : { [N in keyof Nodes & string as Nodes[N] & string]: OutputOf<N> },
>(
  model: ResNet<Arch>,
  nodes:
    & Nodes
    & (Nodes extends readonly (infer Name extends string)[]
      ? readonly Layer<Name, Arch>[]
      : Nodes extends { readonly outIndices: unknown } ? unknown
      : {
        readonly [Name in keyof Nodes & string as Layer<Name, Arch>]: string;
      }),
): FeatureExtractor<Values> {
  const named = namesOf(model, nodes);
  const names = named.map(([, name]) => name);
  if (names.length === 0) {
    throw new RangeError(
      expected("nodes", "one or more names", asIs("an empty list")),
    );
  }
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new RangeError(`nodes: the name "${twice}" is given twice`);
  }
  const front = model.truncate(named.map(([node]) => node));
  const dispose = () => front.dispose();
  return {
    names,
    forward(x) {
      const values = front.extract(x, named.map(([node]) => node));
      return Object.fromEntries(
        named.map(([node, name]) => [name, values[node]]),
      ) as Values;
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Pairs of a node and the name of its value. */
function namesOf(
  model: ResNet,
  nodes: FeatureNodes,
): (readonly [node: string, name: string])[] {
  if (isList(nodes)) return nodes.map((node) => [node, node]);
  const { outIndices } = nodes;
  if (!Array.isArray(outIndices)) {
    return Object.entries(nodes as Record<string, string>);
  }
  const stages = featureInfo(model);
  return outIndices.map((index) => {
    const stage = stages.at(index);
    if (Number.isInteger(index) && stage) return [stage.module, stage.module];
    const names = stages.map(({ module }) => module).join(", ");
    const bounds = `a stage from 0 to ${stages.length - 1} (${names})`;
    throw new RangeError(expected("outIndices", bounds, index));
  });
}

const isList = (nodes: FeatureNodes): nodes is readonly string[] =>
  Array.isArray(nodes);
