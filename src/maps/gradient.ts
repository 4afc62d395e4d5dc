/**
 * How a network's output depends on an earlier value.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { requireInteger } from "../errors/expected.ts";
import { runBackward } from "../graph/backward.ts";
import { makePlan } from "../graph/plan.ts";
import { inferShapes } from "../graph/shapes.ts";
import { requireInput } from "../model/layout.ts";
import { partsOf, type ResNet } from "../model/model.ts";
import { Runner } from "../model/runner.ts";

/**
 * The gradient of a channel of the output with respect to a node's value.
 *
 * The gradient is that of a class's logit if the model ends with `fc`, else of the channel's mean
 * over height and width. The model's hooks are not called.
 *
 * @param model A model that continues after the node.
 * @param x A normalized batch `[N, H, W, 3]`. The caller keeps it.
 * @param node A node or a module (for its output), from `maxpool` on: `"layer3"`.
 * @param channel A channel of the model's output, counted from 0; a class if it ends with `fc`.
 * @returns Each picture's gradient, in the node's shape; zero where the output doesn't depend on
 *   the node. The caller disposes it.
 * @throws {RangeError} If the node is unknown or comes before `maxpool`, or the model has no such
 *   channel.
 * @throws {TypeError} If `x` is not an input of the model.
 *
 * @example A logit is linear in the features
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
  const parts = partsOf(model);
  const { trace, kernels, parameters } = parts;
  const { nodes, output } = trace;
  const relus = [...nodes.values()].filter(({ operation }) =>
    operation === "ReLU"
  )
    .map(({ name }) => name);
  const steps = makePlan(trace, new Set([given, output, ...relus]));
  const shapes = inferShapes(trace, x.shape);
  requireInteger("channel", channel, 0, shapes.get(output)!.at(-1)! - 1);
  const runner = new Runner(parts);
  return tf.tidy(() => {
    const values = runner.run(x, relus);
    return runBackward(
      steps,
      [given, output],
      scoreGradient(shapes.get(output)!, channel),
      {
        kernels,
        conv: ({ name }) => kernels.readConv(parameters.get(name)),
        linear: ({ name }) => kernels.readLinear(parameters.get(name)).weight,
        value: (name) => values.get(name)!,
        shape: (name) => shapes.get(name)!,
      },
    );
  });
}

/** The gradient of a channel's mean over all positions, with respect to the output. */
function scoreGradient(shape: readonly number[], channel: number): Tensor {
  const channels = shape.at(-1)!;
  const positions = shape.slice(1, -1).reduce((a, b) => a * b, 1);
  const one = tf.oneHot(tf.tensor1d([channel], "int32"), channels);
  return tf.mul(tf.div(one, positions), tf.ones([...shape]));
}
