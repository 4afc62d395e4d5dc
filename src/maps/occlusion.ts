/**
 * How much a network's answer changes when a part of the picture is hidden.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { expected, requireInteger } from "../errors/expected.ts";
import { embed } from "../model/embed.ts";
import { requireClass } from "../model/head_class.ts";
import { requireInput } from "../model/layout.ts";
import type { ResNet } from "../model/model.ts";

/** What {@linkcode occlusionMap} hides, and what it measures. */
export interface OcclusionOptions {
  /**
   * The class whose logit to measure. Default: the direction of the features that `embed` returns,
   * which needs no head.
   */
  readonly classIndex?: number;
  /** Side of the hidden square, in pixels of the input. Default 32. */
  readonly size?: number;
  /** Distance between the centres of two squares, in pixels. Default 16. */
  readonly stride?: number;
  /** The normalized value that fills the square. Default 0, the mean colour. */
  readonly fill?: number;
  /** Called with the share that is done, 0..1. */
  readonly onProgress?: (done: number) => void;
}

/** Pictures that run together. */
const batchSize = 8;

/**
 * Hides one square of a picture after the other and measures how much each matters to the network
 * (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014).
 *
 * The squares' centres are spread evenly over the picture; its edges cut squares off. The network
 * runs once for each square. The model's hooks are not called.
 *
 * @param model A network; with `classIndex`, it needs its head.
 * @param x A normalized batch `[N, H, W, 3]`. The caller keeps it.
 * @param options The squares, and what to measure.
 * @returns `[N, ceil(H / stride), ceil(W / stride)]`: by how much the class's logit falls, or 1
 *   minus the cosine between the features with and without the square. The caller disposes it;
 *   {@linkcode overlayMap} draws it.
 * @throws {RangeError} If an option is out of bounds, or there is no such class or no head for it.
 * @throws {TypeError} If `x` is not an input of the model.
 *
 * @example What the features depend on
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { occlusionMap } from "@layertap/resnet/maps";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", null, true);
 * const input = model.preprocess(await decodeImage("examples/images/rocket.jpg"));
 * const map = await occlusionMap(model, input, { size: 64, stride: 56 });
 * assert.deepEqual(map.shape, [1, 4, 4]);
 * ```
 */
export async function occlusionMap(
  model: ResNet,
  x: Tensor4D,
  options: OcclusionOptions = {},
): Promise<Tensor3D> {
  const { classIndex, onProgress } = options;
  if (classIndex !== undefined) {
    requireClass(model, classIndex, "occlusionMap");
  }
  requireInput(x, model.inChannels);
  const [count, height, width, channels] = x.shape;
  const { size = 32, stride = 16, fill = 0 } = options;
  requireInteger("size", size, 1, Math.max(height, width));
  requireInteger("stride", stride, 1, Math.max(height, width));
  if (!Number.isFinite(fill)) {
    throw new RangeError(expected("fill", "a finite number", fill));
  }
  using bare = model.truncate(model.outputLayer);
  const rows = Math.ceil(height / stride), columns = Math.ceil(width / stride);
  const squares = rows * columns;
  const pixels = await x.data<"float32">();
  const length = height * width * channels;
  const whole = await answers(bare, x, classIndex);
  const missed = new Float32Array(count * squares);
  for (let from = 0; from < missed.length; from += batchSize) {
    const to = Math.min(from + batchSize, missed.length);
    const hidden = new Float32Array((to - from) * length);
    for (let i = from; i < to; i++) {
      const picture = Math.floor(i / squares) * length;
      const copy = hidden.subarray(
        (i - from) * length,
        (i - from + 1) * length,
      );
      copy.set(pixels.subarray(picture, picture + length));
      const row = Math.floor(i % squares / columns), column = i % columns;
      const [top, bottom] = span(row, rows, size, height);
      const [left, right] = span(column, columns, size, width);
      for (let y = top * width; y < bottom * width; y += width) {
        copy.fill(fill, (y + left) * channels, (y + right) * channels);
      }
    }
    const batch = tf.tensor4d(hidden, [to - from, height, width, channels]);
    try {
      const parts = await answers(bare, batch, classIndex);
      parts.forEach((part, i) => {
        const reference = whole[Math.floor((from + i) / squares)];
        missed[from + i] = classIndex === undefined
          ? 1 - cosine(reference, part)
          : reference[classIndex] - part[classIndex];
      });
    } finally {
      batch.dispose();
    }
    onProgress?.(to / missed.length);
  }
  return tf.tensor3d(missed, [count, rows, columns]);
}

/** The logits of each picture, or its features without a class. */
async function answers(
  model: ResNet,
  batch: Tensor4D,
  classIndex: number | undefined,
): Promise<number[][]> {
  const vectors = classIndex === undefined
    ? embed(model, batch)
    : model.forward(batch) as Tensor2D;
  try {
    return await vectors.array();
  } finally {
    vectors.dispose();
  }
}

/** Start and end of a square along one side of the picture. */
function span(
  index: number,
  count: number,
  size: number,
  side: number,
): [number, number] {
  const begin = Math.round((index + 0.5) * side / count - size / 2);
  return [Math.max(0, begin), Math.min(side, begin + size)];
}

/** 0 if one of them is all zeros. */
function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) || 0;
}
