/**
 * A head for features: what transfer learning trains.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { LinearWeights } from "../model/head.ts";
import { type Matrix, ridge } from "./ridge.ts";

/** How {@linkcode fitLinear} fits. */
export interface FitLinearOptions {
  /**
   * `"softmax"` (the default), a multinomial logistic regression; or `"ridge"`, linear least
   * squares, of the classes as 0 and 1 if labels are classes.
   */
  readonly kind?: "ridge" | "softmax";
  /**
   * How much large weights cost; the bias costs nothing. Default 1. Of scikit-learn's it is
   * `Ridge(alpha=l2)` and `LogisticRegression(C=1 / l2)`.
   */
  readonly l2?: number;
  /** Number of classes, if the last ones have no sample. Default: as many as the labels name. */
  readonly classes?: number;
}

/** A fitted layer, for {@linkcode ResNet.withHead} or to be used as it is. */
export class LinearFit implements LinearWeights {
  /** `[classes, features]`, row by row, as PyTorch's `Linear.weight`. */
  readonly weight: Float32Array;
  /** `[classes]`. */
  readonly bias: Float32Array;

  /** @internal */
  constructor(weight: Float32Array, bias: Float32Array) {
    this.weight = weight;
    this.bias = bias;
  }

  /**
   * The outputs for features: logits, or the targets' estimates.
   *
   * @param features `[N, C]`; they stay the caller's.
   * @returns `[N, classes]`, the caller's.
   */
  predict(features: Tensor2D): Tensor2D {
    const classes = this.bias.length;
    const size = this.weight.length / classes;
    if (features.rank !== 2 || features.shape[1] !== size) {
      throw new TypeError(
        `predict: got [${features.shape.join(", ")}], [N, ${size}] is allowed`,
      );
    }
    return tf.tidy(() => {
      const weight = tf.tensor2d(this.weight, [classes, size]);
      return tf.add(tf.matMul(features, weight, false, true), this.bias);
    });
  }
}

/**
 * Fits a linear layer on features: the transfer learning that needs no GPU.
 *
 * A ridge regression is solved exactly, in double precision, on this thread: some seconds for 2048
 * features. A softmax regression descends by L-BFGS until the gradient is 1e-5 of what it was.
 *
 * @param features `[N, C]`, such as {@linkcode embed} gives, one row a sample; they stay the
 *   caller's.
 * @param labels The class of each, from 0; or a tensor of targets `[N, K]`, which are probabilities
 *   for a softmax regression, and stay the caller's.
 * @returns A layer with an output for each class or target.
 * @throws {TypeError} If shapes don't fit, or a feature is NaN or infinite.
 * @throws {RangeError} If a label or an option is out of bounds, or the fit is not determined.
 *
 * @example Cats and rockets
 * ```ts
 * import { createModel, decodeImage, embed } from "@layertap/resnet";
 * import { fitLinear } from "@layertap/resnet/fit";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const cat = await decodeImage("examples/images/chelsea.png");
 * const rocket = await decodeImage("examples/images/rocket.jpg");
 * const fit = await fitLinear(embed(model, [cat, rocket]), [0, 1]);
 * using classifier = model.withHead(fit);
 * const logits = await classifier.forward(classifier.preprocess([rocket])).data();
 * assert(logits[1] > logits[0]);
 * ```
 */
export async function fitLinear(
  features: Tensor2D,
  labels: readonly number[] | Tensor2D,
  options: FitLinearOptions = {},
): Promise<LinearFit> {
  const { kind = "softmax", l2 = 1 } = options;
  if (kind !== "softmax" && kind !== "ridge") {
    throw new RangeError(
      `fitLinear: kind is "${kind}", "softmax" and "ridge" are allowed`,
    );
  }
  if (!(l2 >= 0 && l2 < Infinity)) {
    throw new RangeError(`fitLinear: l2 is ${l2}, numbers from 0 are allowed`);
  }
  const x = await matrixOf("features", features);
  const y = labels instanceof tf.Tensor
    ? await matrixOf("labels", labels)
    : oneHot(labels, options.classes);
  if (x.rows !== y.rows) {
    throw new TypeError(
      `fitLinear: got ${x.rows} features and ${y.rows} labels, as many of ` +
        "both are allowed",
    );
  }
  const means = center(x);
  const { weight, bias } = kind === "ridge"
    ? solveRidge(x, y, l2)
    : await descend(x, y, l2);
  // What the bias is where the features are not centred.
  const moved = bias.map((b, k) =>
    means.reduce((sum, mean, i) => sum - mean * weight[k * x.columns + i], b)
  );
  return new LinearFit(Float32Array.from(weight), Float32Array.from(moved));
}

interface Layer {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

function solveRidge(x: Matrix, y: Matrix, l2: number): Layer {
  const bias = center(y);
  const weight = ridge(x, y, l2);
  if (weight) return { weight: weight.data, bias };
  throw new RangeError(
    `fitLinear: with an l2 of ${l2} the features don't determine the weights, ` +
      "a larger one is allowed",
  );
}

async function descend(x: Matrix, y: Matrix, l2: number): Promise<Layer> {
  const { softmaxRegression } = await import("./softmax_regression.ts");
  const tensor = tf.tensor2d(Float32Array.from(x.data), [x.rows, x.columns]);
  try {
    const parameters = await softmaxRegression(tensor, y.data, l2);
    if (!parameters) {
      throw new RangeError(
        `fitLinear: with an l2 of ${l2} no minimum was found in 1000 steps, ` +
          "a larger one is allowed",
      );
    }
    const size = y.columns * x.columns;
    return {
      weight: parameters.subarray(0, size),
      bias: parameters.subarray(size),
    };
  } finally {
    tensor.dispose();
  }
}

async function matrixOf(name: string, tensor: Tensor2D): Promise<Matrix> {
  const { shape } = tensor;
  if (shape.length !== 2 || tensor.size === 0) {
    throw new TypeError(
      `fitLinear: ${name} are [${shape.join(", ")}], [N, C] is allowed`,
    );
  }
  const [rows, columns] = shape;
  const data = Float64Array.from(await tensor.data());
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new TypeError(
      `fitLinear: row ${Math.floor(bad / columns)} of the ${name} has the ` +
        `value ${data[bad]}, finite numbers are allowed`,
    );
  }
  return { data, rows, columns };
}

/** Classes as rows of 0 and one 1. */
function oneHot(
  labels: readonly number[],
  classes = labels.reduce((max, label) => Math.max(max, label + 1), 1),
): Matrix {
  const data = new Float64Array(labels.length * classes);
  labels.forEach((label, i) => {
    if (!Number.isSafeInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(
        `fitLinear: label ${i} is ${label}, integers from 0 to ` +
          `${classes - 1} are allowed`,
      );
    }
    data[i * classes + label] = 1;
  });
  return { data, rows: labels.length, columns: classes };
}

/** Takes the mean of each column from it, in place, and returns the means. */
function center({ data, rows, columns }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  data.forEach((value, i) => means[i % columns] += value / rows);
  data.forEach((_, i) => data[i] -= means[i % columns]);
  return means;
}
