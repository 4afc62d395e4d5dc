/**
 * What a picture shows: the network's head, its softmax and the names of the classes.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Picture } from "../image/rgb_image.ts";
import { classCount, classNames } from "./head_class.ts";
import type { ResNet } from "./model.ts";

/** A class, and how sure the network is of it. */
export interface Classification {
  /** The name of the class, e.g. `"Egyptian cat"`. */
  readonly label: string;
  /** Its softmax probability, 0..1; those of all classes sum to 1. */
  readonly score: number;
}

/** How {@linkcode classify} answers. */
export interface ClassifyOptions {
  /** How many classes are given for a picture, all if there are fewer. Default 5. */
  readonly top?: number;
  /** The names of the classes in the order of `fc`'s outputs. Default: ImageNet's for 1000, else `class 0` and so on. */
  readonly labels?: readonly string[];
}

/**
 * Names what pictures show: the most probable classes by the softmax of `fc`, the surest first.
 *
 * @param model A network with its head, not cut before it.
 * @param pictures One picture, for a list of classes; several, or a normalized batch
 *   `[N, H, W, 3]`, for a list of such lists. A batch stays the caller's. They run as one batch.
 * @param options How many classes, and their names.
 * @throws {RangeError} If the model has no `fc`, `top` is out of bounds, or the names are not as
 *   many as the classes.
 *
 * @example The three likeliest classes
 * ```ts
 * import { classify, createModel, decodeImage } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * // Fresh weights, which know nothing: a path as third argument takes trained ones.
 * using model = await createModel("resnet18");
 * const cat = await decodeImage("examples/images/chelsea.png");
 * const classes = await classify(model, cat, { top: 3 });
 * assert.equal(classes.length, 3);
 * assert(classes[0].score >= classes[1].score);
 * ```
 */
export function classify(
  model: ResNet,
  pictures: readonly Picture[] | Tensor4D,
  options?: ClassifyOptions,
): Promise<Classification[][]>;
/** The same for one picture: one list of classes. */
export function classify(
  model: ResNet,
  picture: Picture,
  options?: ClassifyOptions,
): Promise<Classification[]>;
export async function classify(
  model: ResNet,
  pictures: Picture | readonly Picture[] | Tensor4D,
  { top = 5, labels }: ClassifyOptions = {},
): Promise<Classification[] | Classification[][]> {
  if (!Number.isSafeInteger(top) || top < 1) {
    throw new RangeError(
      `cannot classify: top is ${top}, integers from 1 up are allowed`,
    );
  }
  const names = await namesFor(classCount(model, "classify"), labels);
  const isBatch = pictures instanceof tf.Tensor;
  const input = isBatch ? pictures : model.preprocess(pictures);
  try {
    const logits = model.forward(input);
    const values = await logits.data<"float32">();
    logits.dispose();
    const all = Array.from({ length: input.shape[0] }, (_, n) => {
      const row = values.subarray(n * names.length, (n + 1) * names.length);
      return likeliest(softmax(row), names, top);
    });
    return isBatch || Array.isArray(pictures) ? all : all[0];
  } finally {
    if (!isBatch) input.dispose();
  }
}

async function namesFor(
  count: number,
  labels: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (!labels) return await classNames(count);
  if (labels.length !== count) {
    throw new RangeError(
      `cannot name the classes: got ${labels.length} labels, the network has ${count} classes`,
    );
  }
  return labels;
}

/** `torch.softmax`; the largest is subtracted so that no exponential overflows. */
function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(logits, (x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function likeliest(
  scores: Float64Array,
  names: readonly string[],
  top: number,
): Classification[] {
  return names.map((label, i) => ({ label, score: scores[i] }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top);
}
