/**
 * How a network's output depends on a value on the way to it.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { runBackward } from "../graph/backward.ts";
import { makePlan } from "../graph/plan.ts";
import { inferShapes } from "../graph/shapes.ts";
import { requireInput } from "../model/layout.ts";
import type { ResNet } from "../model/model.ts";
import { requireChannel } from "./node_maps.ts";
import { Runner } from "../model/runner.ts";

/**
 * The gradient of a channel of the output with respect to a node's value.
 *
 * What is differentiated is the class's logit, where the model ends with `fc`; where it is cut
 * before that, the channel's mean over height and width. The model's hooks are not called.
 *
 * @param model Any model that goes beyond the node.
 * @param x A batch `[N, H, W, 3]`, normalized. It stays the caller's.
 * @param node A node, or a module whose output is meant, from `maxpool` on: `"layer3"`.
 * @param channel A channel of the model's output, counted from 0: a class, where it ends with `fc`.
 * @returns In the node's shape, each picture's own gradient; zero where the output doesn't depend
 *   on the node. It belongs to the caller.
 * @throws {RangeError} If the node is unknown or lies before `maxpool`, or there is no such
 *   channel.
 *
 * @example With respect to the features a logit is linear
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { outputGradient } from "@layertap/resnet/maps";
 * import * as tf from "@tensorflow/tfjs-core";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18");
 * const input = tf.zeros<tf.Rank.R4>([1, 64, 64, 3]);
 * const maps = outputGradient(model, input, "layer4", 285);
 * assert.deepEqual(maps.shape, [1, 2, 2, 512]);
 * const vector = outputGradient(model, input, "flatten", 285);
 * assert(Math.abs(vector.dataSync()[7] - 4 * maps.dataSync()[7]) < 1e-6);
 * ```
 */
export function outputGradient(
  model: ResNet,
  x: Tensor4D,
  node: string,
  channel: number,
): Tensor {
  const given = model.resolveNode(node);
  requireInput(x, model.inChannels);
  const { trace, kernels, parameters } = model.parts;
  const { nodes, output } = trace;
  const relus = [...nodes.values()].filter(({ op }) => op === "ReLU")
    .map(({ name }) => name);
  const steps = makePlan(trace, new Set([given, output, ...relus]));
  const shapes = inferShapes(trace, x.shape);
  requireChannel(output, shapes.get(output)!.at(-1)!, channel);
  const runner = new Runner(trace, kernels, parameters);
  return tf.tidy(() => {
    const values = runner.run(x, relus);
    return runBackward(
      steps,
      [given, output],
      scoreGradient(shapes.get(output)!, channel),
      {
        kernels,
        conv: ({ name }) => kernels.unpackConv(parameters.get(name)),
        linear: ({ name }) => kernels.unpackLinear(parameters.get(name)).weight,
        value: (name) => values.get(name)!,
        shape: (name) => shapes.get(name)!,
      },
    );
  });
}

/** The gradient of the score, a channel's mean over all positions, with respect to the output. */
function scoreGradient(shape: readonly number[], channel: number): Tensor {
  const channels = shape.at(-1)!;
  const positions = shape.slice(1, -1).reduce((a, b) => a * b, 1);
  const one = tf.oneHot(tf.tensor1d([channel], "int32"), channels);
  return tf.mul(tf.div(one, positions), tf.ones([...shape]));
}
