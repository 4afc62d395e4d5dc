import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { lbfgs, type Slope } from "./lbfgs.ts";

/** The share of the gradient that float32 products leave undetermined. */
const tolerance = 1e-5;

/**
 * The weights of a softmax regression, which minimize the cross-entropy, summed over the samples, plus
 * `l2 / 2 |W|^2`. Matrix products run on the backend, in float32.
 *
 * @param x `[samples, features]`, centred; it stays the caller's.
 * @param y `[samples, classes]`, row by row: probabilities.
 * @returns `[classes, features]`, then the bias; undefined if no minimum was found.
 */
export async function softmaxRegression(
  x: Tensor2D,
  y: Float64Array,
  l2: number,
): Promise<Float64Array | undefined> {
  const [samples, features] = x.shape;
  const classes = y.length / samples;
  const size = classes * features;

  async function evaluate(parameters: Float64Array): Promise<Slope> {
    const w = parameters.subarray(0, size);
    const bias = parameters.subarray(size);
    const products = tf.tidy(() => {
      const weight = tf.tensor2d(Float32Array.from(w), [classes, features]);
      return tf.matMul(x, weight, false, true);
    });
    const logits = await products.data<"float32">();
    products.dispose();

    let value = 0;
    const errors = new Float32Array(y.length);
    const gradient = new Float64Array(parameters.length);
    for (let n = 0; n < y.length; n += classes) {
      const row = bias.map((b, k) => b + logits[n + k]);
      const largest = Math.max(...row);
      const powers = row.map((z) => Math.exp(z - largest));
      const sum = powers.reduce((a, b) => a + b);
      for (let k = 0; k < classes; k++) {
        value -= y[n + k] * (row[k] - largest - Math.log(sum));
        const error = powers[k] / sum - y[n + k];
        errors[n + k] = error;
        gradient[size + k] += error;
      }
    }

    const slopes = tf.tidy(() =>
      tf.matMul(tf.tensor2d(errors, [samples, classes]), x, true, false)
    );
    gradient.set(await slopes.data());
    slopes.dispose();
    for (let i = 0; i < size; i++) {
      value += l2 / 2 * w[i] * w[i];
      gradient[i] += l2 * w[i];
    }
    return { value, gradient };
  }

  return await lbfgs(evaluate, new Float64Array(size + classes), tolerance);
}
