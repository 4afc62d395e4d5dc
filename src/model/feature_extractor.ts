/**
 * Several nodes under names of one's own, as torchvision's and timm's feature extractors give them.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Conv2d } from "../arch/module.ts";
import type { ResNet } from "./model.ts";

/** A stage whose features detection and segmentation heads take. */
export interface FeatureInfo {
  /** The module that ends the stage: `"relu"`, `"layer1"` … `"layer4"`. */
  readonly module: string;
  /** Channels of its output. */
  readonly channels: number;
  /** How much smaller than the input it is, in each direction. */
  readonly reduction: number;
}

/** The names of a choice of nodes, and what they become. */
export type FeatureNodes =
  | readonly string[]
  | Readonly<Record<string, string>>
  | { readonly outIndices: readonly number[] };

/** A front of a network that gives several nodes; made by {@linkcode createFeatureExtractor}. */
export interface FeatureExtractor extends Disposable {
  /** The names of the results, in the order that was asked for. */
  readonly names: readonly string[];
  /**
   * Computes the nodes in one pass.
   *
   * @param x A batch `[N, H, W, 3]`, as for `model.forward`. It stays the caller's.
   * @returns The values by the extractor's names, NHWC. They belong to the caller.
   */
  forward(x: Tensor4D): Record<string, Tensor>;
  /** Gives its share of the model's weights up. */
  dispose(): void;
}

/**
 * The stages of a network, as timm's `feature_info` lists them: the stem's ReLU, then `layer1` to
 * `layer4`, as far as the model goes.
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
  const { inChannels } = model.layers.get("conv1") as Conv2d;
  const shapes = model.shapes([1, side, side, inChannels]);
  return ["relu", "layer1", "layer2", "layer3", "layer4"].flatMap((module) => {
    const call = model.trace.calls.find((call) => call.module.name === module);
    if (!call) return [];
    const [, height, , channels] = shapes.get(call.output)!;
    return [{ module, channels, reduction: side / height }];
  });
}

/**
 * Makes a plan for several nodes, to be used again and again, that computes no further than the
 * deepest of them.
 *
 * It shares the model's weights, counted: either may be disposed first. The model's hooks are not
 * its own. (torchvision 0.14.1, `models/feature_extraction.py`; timm, `features_only=True`.)
 *
 * @param model The network, whole or cut.
 * @param nodes A list of node or module names; an object from such names to the caller's own; or
 *   timm's `{ outIndices }`, which counts the stages of {@linkcode featureInfo}, from the end if
 *   negative.
 * @returns The extractor, the caller's.
 * @throws {RangeError} If a name is unknown or lies behind the cut, a stage doesn't exist, a name
 *   is given twice, or none is asked for.
 *
 * @example Names of one's own
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
export function createFeatureExtractor(
  model: ResNet,
  nodes: FeatureNodes,
): FeatureExtractor {
  const named = namesOf(model, nodes);
  const names = named.map(([, name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (names.length === 0 || twice !== undefined) {
    throw new RangeError(
      `createFeatureExtractor: got ${
        twice === undefined ? "no nodes" : `the name "${twice}" twice`
      }, one or more names are allowed, each once`,
    );
  }
  const order = model.nodes();
  const deepest = named.reduce(
    (at, [node]) => Math.max(at, order.indexOf(model.resolveNode(node))),
    -1,
  );
  const front = model.truncate(order[deepest]);
  const dispose = () => front.dispose();
  return {
    names,
    forward(x) {
      const values = front.extract(x, named.map(([node]) => node));
      return Object.fromEntries(
        named.map(([node, name]) => [name, values[node]]),
      );
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Pairs of a node's name and what it is to be called. */
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
    throw new RangeError(
      `createFeatureExtractor: no stage ${index}, the model has ${stages.length} ` +
        `(${stages.map(({ module }) => module).join(", ")}), counted from 0`,
    );
  });
}

const isList = (nodes: FeatureNodes): nodes is readonly string[] =>
  Array.isArray(nodes);
