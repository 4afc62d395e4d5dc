/**
 * Fits a linear head to features.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { expected, requireInteger, requireOneOf } from "../errors/expected.ts";
import { requireLabels } from "../model/head_class.ts";
import { LinearFit } from "./linear_fit.ts";
import { center, type Matrix, matrixOf } from "./matrix.ts";
import { ridge } from "./ridge.ts";

/** The options of {@linkcode fitLinear}. */
export interface FitLinearOptions {
  /**
   * `"softmax"`, a multinomial logistic regression; or `"ridge"`, linear least squares, where a class
   * is 0 or 1 for each output. Default `"softmax"`.
   */
  readonly kind?: "ridge" | "softmax";
  /**
   * The penalty on large weights; the bias has none. In scikit-learn `Ridge(alpha=l2)` and
   * `LogisticRegression(C=1 / l2)`. Default 1.
   */
  readonly l2?: number;
  /** Number of classes, if the last ones have no sample. Default: the largest label plus 1. */
  readonly classes?: number;
  /** The names of the classes. */
  readonly labels?: readonly string[];
}

/**
 * Fits a linear layer to features and their labels: transfer learning without a GPU.
 *
 * A ridge regression is solved exactly, in double precision, on this thread: a few seconds for 2048
 * features. A softmax regression runs L-BFGS until the gradient is 1e-5 of its start.
 *
 * @param features `[N, C]`, one row a sample, such as {@linkcode embed} returns; they stay the
 *   caller's.
 * @param labels The class of each sample, from 0; or a tensor of targets `[N, K]`, which stays the
 *   caller's: probabilities for a softmax regression.
 * @param options The kind of regression and its penalty.
 * @returns A layer with an output for each class or target.
 * @throws {TypeError} If shapes don't match, or a feature is NaN or infinite.
 * @throws {RangeError} If a label or an option is out of bounds, or the fit has no unique solution.
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
  requireOneOf("kind", kind, ["softmax", "ridge"]);
  if (!(l2 >= 0 && l2 < Infinity)) {
    throw new RangeError(expected("l2", "a number of at least 0", l2));
  }
  const x = await matrixOf("features", features);
  const y = labels instanceof tf.Tensor
    ? await matrixOf("labels", labels)
    : oneHot(labels, options.classes);
  if (x.rows !== y.rows) {
    throw new TypeError(
      `${x.rows} feature rows but ${y.rows} labels; the counts must match`,
    );
  }
  if (options.labels) requireLabels(options.labels, y.columns);
  const means = center(x);
  const { weight, bias } = kind === "ridge"
    ? solveRidge(x, y, l2)
    : await descend(x, y, l2);
  // The bias for features that aren't centred.
  const moved = bias.map((b, k) =>
    means.reduce((sum, mean, i) => sum - mean * weight[k * x.columns + i], b)
  );
  return new LinearFit(
    Float32Array.from(weight),
    Float32Array.from(moved),
    options.labels,
  );
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
    `with l2 ${l2} the features don't determine the weights; use a larger l2`,
  );
}

async function descend(x: Matrix, y: Matrix, l2: number): Promise<Layer> {
  const { softmaxRegression } = await import("./softmax_regression.ts");
  const tensor = tf.tensor2d(Float32Array.from(x.data), [x.rows, x.columns]);
  try {
    const parameters = await softmaxRegression(tensor, y.data, l2);
    if (!parameters) {
      throw new RangeError(
        `with l2 ${l2} no minimum was found in 1000 steps; use a larger l2`,
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

/** Classes as rows of 0 and one 1. */
function oneHot(
  labels: readonly number[],
  given: number | undefined,
): Matrix {
  if (!Array.isArray(labels)) {
    const what = "a list of class numbers, or a tensor [N, K]";
    throw new TypeError(expected("labels", what, labels));
  }
  labels.forEach((label, i) => {
    if (typeof label === "number") {
      return requireInteger(`labels[${i}]`, label, 0, given && given - 1);
    }
    throw new TypeError(expected(
      `labels[${i}]`,
      "the number of its class, from 0",
      label,
      typeof label === "string"
        ? "number your classes: labels.map((name) => names.indexOf(name))"
        : Array.isArray(label)
        ? "targets go into a tensor: tf.tensor2d(labels)"
        : "",
    ));
  });
  const classes = given ??
    labels.reduce((max, label) => Math.max(max, label + 1), 1);
  const data = new Float64Array(labels.length * classes);
  labels.forEach((label, i) => data[i * classes + label] = 1);
  return { data, rows: labels.length, columns: classes };
}
