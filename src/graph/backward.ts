/**
 * The way back through a plan: the gradient of its output with respect to a value on the way.
 *
 * The gradient of a convolution is a convolution too, so any set of kernels computes it, with groups
 * and dilation. (tfjs's own gradients have no dilation, need the filter's gradient, for which the wasm
 * backend has no kernel, and would have to be registered for the whole program.)
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { AvgPool2d, Conv2d, Linear } from "../arch/module.ts";
import type { FoldedConv } from "../arch/folded_conv.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { runOnce } from "../kernels/run_once.ts";
import { type Fused, readBy, type Step, type Value } from "./plan.ts";

/** What the way back needs to know of the pass. */
export interface BackwardContext {
  readonly kernels: Kernels;
  /** The unpacked weights of a convolution. */
  conv(module: Conv2d): FoldedConv;
  /** The weight of a linear layer, `[out, in]`. */
  linear(module: Linear): Float32Array;
  /** The value of a step that ends with a ReLU. */
  value(name: Value): Tensor;
  /** The shape of a value. */
  shape(name: Value): readonly number[];
}

/**
 * The gradient with respect to one value.
 *
 * @param steps The plan of a pass that computes `given` and, after it, `output`.
 * @param gradient The gradient with respect to `output`; it stays the caller's.
 * @returns The gradient with respect to `given`, which belongs to the caller; zero if `output` doesn't
 *   depend on it.
 * @throws {RangeError} If there is a max pooling between the two.
 */
export function runBackward(
  steps: readonly Step[],
  [given, output]: readonly [Value, Value],
  gradient: Tensor,
  context: BackwardContext,
): Tensor {
  const reached = reachedFrom(steps, given);
  return tf.tidy(() => {
    const gradients = new Map([[output, gradient]]);
    const add = (name: Value | undefined, part: () => Tensor) => {
      if (name === undefined || !reached.has(name)) return;
      const other = gradients.get(name);
      gradients.set(name, other ? tf.add(other, part()) : part());
    };
    for (const step of steps.toReversed()) {
      if (step.output === given) break;
      const after = gradients.get(step.output);
      if (!after || !reached.has(step.output)) continue;
      const { residual, relu } = step.operation as Fused;
      const sum = relu
        ? tf.mul(after, tf.step(context.value(step.output)))
        : after;
      add(residual, () => sum);
      add(step.input, () => through(step, sum, context));
    }
    return reached.has(output)
      ? gradients.get(given)!.clone()
      : tf.zeros([...context.shape(given)]);
  });
}

/** A value, and all that depend on it. */
function reachedFrom(steps: readonly Step[], given: Value): Set<Value> {
  const reached = new Set([given]);
  for (const step of steps) {
    if (readBy(step).some((value) => reached.has(value))) {
      reached.add(step.output);
    }
  }
  return reached;
}

/** From the gradient of an operation's own result, before its residual and ReLU, to its input's. */
function through(
  { operation, input, output }: Step,
  gradient: Tensor,
  { kernels, conv, linear, shape }: BackwardContext,
): Tensor {
  switch (operation.kind) {
    case "conv2d":
    case "unfoldedConv2d": {
      const { module, kind } = operation;
      const weights = conv(module);
      const filter = kind === "conv2d" ? weights.filter : unfolded(weights);
      const stretched = stretch(gradient as Tensor4D, module, shape(input));
      return transposedConv(stretched, module, filter, kernels);
    }
    case "batchNorm":
      return tf.mul(gradient, tf.tensor1d(conv(operation.conv).scale));
    case "smallAvgPool":
      return spreadMeans(gradient as Tensor4D, operation.module, shape(input));
    case "avgPool": {
      const [, h, w] = shape(input);
      return tf.tile(tf.div(gradient, h * w), [1, h, w, 1]);
    }
    case "linear": {
      const { module } = operation;
      const weight = tf.tensor2d(linear(module), [
        module.outFeatures,
        module.inFeatures,
      ]);
      return tf.matMul(gradient as Tensor2D, weight);
    }
    case "flatten":
      return tf.reshape(gradient, [...shape(input)]);
    case "elementwise":
    case "passThrough":
      return gradient;
    case "maxPool":
      throw new RangeError(
        `there is no gradient before "${output}"; take a node from "${output}" on`,
      );
    default:
      return operation satisfies never;
  }
}

/** Gives each pixel its share of the means of the windows that it is in. */
function spreadMeans(
  gradient: Tensor4D,
  { stride, countIncludePad }: AvgPool2d,
  [, height, width]: readonly number[],
): Tensor4D {
  const [n, h, w, c] = gradient.shape;
  /** Of each row or column of windows, how many of its pixels count. */
  const counts = (outs: number, size: number) =>
    Array.from(
      { length: outs },
      (_, i) => countIncludePad ? 2 : Math.min(2, size - i * stride),
    );
  const rows = tf.tensor4d(counts(h, height), [1, h, 1, 1]);
  const columns = tf.tensor4d(counts(w, width), [1, 1, w, 1]);
  const share = tf.div<Tensor4D>(gradient, tf.mul(rows, columns));
  const doubled = () => {
    const wide = tf.tile(tf.reshape(share, [n * h * w, 1, c]), [1, 2, 1]);
    const tall = tf.tile(tf.reshape(wide, [n * h, 1, 2 * w, c]), [1, 2, 1, 1]);
    return tf.reshape(tall, [n, 2 * h, 2 * w, c]) as Tensor4D;
  };
  const spread = stride === 2 ? doubled() : tf.addN(
    [[0, 0], [0, 1], [1, 0], [1, 1]].map(([top, left]) =>
      tf.pad(share, [[0, 0], [top, 1 - top], [left, 1 - left], [0, 0]])
    ),
  ) as Tensor4D;
  return tf.slice<tf.Rank.R4, Tensor4D>(
    spread,
    [0, 0, 0, 0],
    [-1, height, width, -1],
  );
}

/** The filter without its batch norm. */
function unfolded(weights: FoldedConv): Float32Array {
  const size = weights.filter.length / weights.scale.length;
  const filter = weights.filter.map((value, i) =>
    value / weights.scale[Math.floor(i / size)]
  );
  weights.unfolded.forEach((values, c) => filter.set(values, c * size));
  return filter;
}

/**
 * A gradient with zeros between its values, for the convolution's stride, and after them, for the
 * input's rest that the stride left over.
 */
function stretch(
  gradient: Tensor4D,
  { kernelSize, stride, padding, dilation }: Conv2d,
  [, height, width]: readonly number[],
): Tensor4D {
  if (stride === 1) return gradient;
  const [n, h, w, c] = gradient.shape;
  const spread = tf.pad(
    tf.reshape(gradient, [n * h, 1, w, c]),
    [[0, 0], [0, stride - 1], [0, 0], [0, (stride - 1) * c]],
  );
  const margin = 2 * padding - dilation * (kernelSize - 1);
  return tf.slice<tf.Rank.R4, Tensor4D>(
    tf.reshape(spread, [n, h * stride, w * stride, c]),
    [0, 0, 0, 0],
    [n, height + margin, width + margin, c],
  );
}

/** The convolution with the filter's channels swapped and its taps reversed. */
function transposedConv(
  gradient: Tensor4D,
  module: Conv2d,
  filter: Float32Array,
  kernels: Kernels,
): Tensor4D {
  const { inChannels, outChannels, kernelSize, padding, dilation } = module;
  const back: Conv2d = {
    ...module,
    inChannels: outChannels,
    outChannels: inChannels,
    stride: 1,
    padding: dilation * (kernelSize - 1) - padding,
  };
  const weights = kernels.loadConv(back, {
    filter: transposed(filter, module),
    bias: new Float32Array(inChannels),
    scale: new Float32Array(inChannels).fill(1),
    unfolded: new Map(),
  });
  try {
    return runOnce(
      kernels,
      [gradient],
      (operations, [x]) => operations.conv2d(x, weights, {}),
    );
  } finally {
    weights.dispose();
  }
}

/** A filter OIHW, group by group, as IOHW with its taps reversed. */
function transposed(
  filter: Float32Array,
  { inChannels, outChannels, kernelSize, groups }: Conv2d,
): Float32Array {
  const [outs, ins] = [outChannels / groups, inChannels / groups];
  const taps = kernelSize ** 2;
  const result = new Float32Array(filter.length);
  let from = 0;
  for (let group = 0; group < groups; group++) {
    for (let o = 0; o < outs; o++) {
      for (let i = 0; i < ins; i++) {
        const to = ((group * ins + i) * outs + o) * taps;
        for (let t = taps - 1; t >= 0; t--) result[to + t] = filter[from++];
      }
    }
  }
  return result;
}
