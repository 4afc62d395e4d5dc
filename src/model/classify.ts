/**
 * What a picture shows: the softmax of the network's head, with the names of the classes.
 *
 * @module
 */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import { requireInteger } from "../errors/expected.ts";
import type { Picture } from "../image/rgb_image.ts";
import { classCount, classNames, requireLabels } from "./head_class.ts";
import type { ResNet } from "./model.ts";
import { isBatch } from "./preprocess.ts";

/** A class and its probability. */
export interface Classification {
  /** The name of the class, e.g. `"Egyptian cat"`. */
  readonly label: string;
  /** Its softmax probability, 0..1; those of all classes sum to 1. */
  readonly score: number;
}

/** The options of {@linkcode classify}. */
export interface ClassifyOptions {
  /** Classes to return for each picture, all if there are fewer. Default 5. */
  readonly top?: number;
  /**
   * The names of the classes, in the order of `fc`'s outputs. Default: `model.labels`, else
   * ImageNet's for 1000 classes, else `class 0` and so on.
   */
  readonly labels?: readonly string[];
}

/**
 * Classifies pictures: the most probable classes by the softmax of `fc`, the surest first.
 *
 * @param model A network with its head.
 * @param pictures Several pictures, or a normalized batch `[N, H, W, 3]`, which stays the caller's.
 *   They run as one batch.
 * @param options How many classes, and their names.
 * @returns A list of classes for each picture.
 * @throws {RangeError} If the model has no `fc`, `top` is out of bounds, or there aren't as many names
 *   as classes.
 *
 * @example The three most probable classes
 * ```ts
 * import { classify, createModel, decodeImage } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * // Fresh weights know nothing; pass a path as third argument for trained ones.
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
  requireInteger("top", top, 1);
  const count = classCount(model, "classify");
  if (labels) requireLabels(labels, count);
  const names = labels ?? await classNames(model);
  const isInput = isBatch(pictures);
  const input = isInput ? pictures : model.preprocess(pictures);
  try {
    const logits = model.forward(input);
    const values = await logits.data<"float32">();
    logits.dispose();
    const all = Array.from({ length: input.shape[0] }, (_, n) => {
      const row = values.subarray(n * names.length, (n + 1) * names.length);
      return likeliest(softmax(row), names, top);
    });
    return isInput || Array.isArray(pictures) ? all : all[0];
  } finally {
    if (!isInput) input.dispose();
  }
}

/** `torch.softmax`; subtracting the largest keeps the exponentials from overflowing. */
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
