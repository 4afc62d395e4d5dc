import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { Json } from "../formats/json.ts";
import type { LinearWeights } from "../model/head.ts";
import { requireTensor } from "../model/layout.ts";
import type { FileSource } from "../runtime/open_source.ts";
import {
  type HeadContent,
  type HeadFile,
  readHead,
  SavedHead,
} from "./head_file.ts";
import type { ClassVotes } from "./k_nearest.ts";
import { requireVector } from "./vectors.ts";

/** A fitted layer, for {@linkcode ResNet.withHead} or by itself. */
export class LinearFit extends SavedHead implements LinearWeights {
  /** `[classes, features]`, row by row, as PyTorch's `Linear.weight`. */
  readonly weight: Float32Array;
  /** `[classes]`. */
  readonly bias: Float32Array;
  /** The names of the classes, if they were given. */
  declare readonly labels?: readonly string[];

  /** @internal */
  constructor(
    weight: Float32Array,
    bias: Float32Array,
    labels?: readonly string[],
    about: Json = {},
  ) {
    super(about);
    this.weight = weight;
    this.bias = bias;
    if (labels) this.labels = labels;
  }

  /**
   * Computes the outputs for features: logits, or estimates of the targets.
   *
   * @param features `[N, C]`; they stay the caller's.
   * @returns `[N, classes]`; it belongs to the caller.
   * @throws {TypeError} If the features have another size.
   */
  predict(features: Tensor2D): Tensor2D {
    requireTensor(features, "predict");
    const classes = this.bias.length;
    const size = this.weight.length / classes;
    if (features.rank !== 2 || features.shape[1] !== size) {
      throw new TypeError(expected("predict", `[N, ${size}]`, features.shape));
    }
    return tf.tidy(() => {
      const weight = tf.tensor2d(this.weight, [classes, size]);
      return tf.add(tf.matMul(features, weight, false, true), this.bias);
    });
  }

  /**
   * All classes by the softmax of their outputs, the likeliest first.
   *
   * @param features A picture's.
   * @throws {TypeError} If they have another length.
   */
  rank(features: ArrayLike<number>): ClassVotes[] {
    const size = this.weight.length / this.bias.length;
    requireVector(features, size);
    const logits = Float64Array.from(this.bias, (sum, k) => {
      for (let i = 0; i < size; i++) {
        sum += this.weight[k * size + i] * features[i];
      }
      return sum;
    });
    const largest = logits.reduce((a, b) => Math.max(a, b));
    const powers = logits.map((logit) => Math.exp(logit - largest));
    const sum = powers.reduce((a, b) => a + b);
    return Array.from(powers, (power, k) => ({
      label: this.labels?.[k] ?? `class ${k}`,
      score: power / sum,
    })).sort((a, b) => b.score - a.score);
  }

  /** @internal */
  protected override content(): HeadContent {
    const { weight, bias, labels } = this;
    const classes = bias.length;
    return {
      values: { kind: "linear", ...labels && { labels } },
      arrays: {
        weight: {
          data: weight.slice(),
          shape: [classes, weight.length / classes],
        },
        bias: { data: bias.slice(), shape: [classes] },
      },
    };
  }

  /**
   * Reads what `save` or `encode` wrote.
   *
   * @throws {SyntaxError} If it isn't such a file.
   * @throws {Error} If it can't be read.
   */
  static async load(source: FileSource): Promise<LinearFit> {
    return await readHead(source, LinearFit.read);
  }

  /** @internal */
  static async read(file: HeadFile): Promise<LinearFit> {
    const { kind, labels, ...about } = file.values;
    const fail = failReading(file.name);
    if (kind !== "linear") throw fail(expected("kind", '"linear"', kind));
    const { data: bias } = await file.read("bias", [-1]);
    const { data: weight } = await file.read("weight", [bias.length, -1]);
    if (bias.length === 0 || weight.length === 0) throw fail("it is empty");
    if (labels && file.labels.length !== bias.length) {
      throw fail(`${file.labels.length} labels but ${bias.length} classes`);
    }
    return new LinearFit(
      Float32Array.from(weight),
      Float32Array.from(bias),
      labels ? file.labels : undefined,
      about,
    );
  }
}
