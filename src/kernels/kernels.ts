/**
 * What the graph asks of a set of kernels. The stock kernels are one; ours will be another.
 *
 * All tensors are float32, NHWC. A kernel keeps none of its inputs and disposes none; what it
 * returns belongs to the caller.
 *
 * @module
 */

import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Conv2d, Linear, MaxPool2d } from "../arch/module.ts";

/** A convolution with its batch norm folded in, as it is handed over for packing. */
export interface ConvWeights {
  /** The filter times {@linkcode scale}, OIHW as in the state dict. */
  readonly filter: Float32Array;
  /** Added to each output channel; the batch norm's shift. */
  readonly bias: Float32Array;
  /** The batch norm's factor of each output channel. */
  readonly scale: Float32Array;
  /**
   * Filters (IHW) before folding, for the channels whose scale is too small to divide by.
   * Only a watched convolution needs them.
   */
  readonly unfolded: ReadonlyMap<number, Float32Array>;
}

/** Weights in the form that a set of kernels computes with; opaque to everybody else. */
export interface Packed {
  /** Bytes of the packed weights, for reports. */
  readonly bytes: number;
  /** Frees them. */
  dispose(): void;
}

/** What is done to a sum before it is stored. */
export interface Epilogue {
  /** Adds a tensor of the same shape. */
  readonly residual?: Tensor4D;
  /** Then clamps below at 0. */
  readonly relu?: boolean;
}

/** One implementation of every step that a ResNet takes. */
export interface Kernels {
  /**
   * Packs a convolution. The arrays may be reused afterwards.
   *
   * @param usualHeight Height of its input when the network's is as in training. It may decide
   *   how the weights are packed; other sizes give the same numbers, only less fast.
   */
  packConv(
    module: Conv2d,
    weights: ConvWeights,
    usualHeight?: number,
  ): Packed;
  /** Packs a linear layer: weight `[out, in]`, bias `[out]`. */
  packLinear(
    module: Linear,
    weight: Float32Array,
    bias: Float32Array,
  ): Packed;
  /** What was packed, as exactly as it is kept: for saving a model. The arrays are new. */
  unpackConv(weights: Packed): ConvWeights;
  /** The same for a linear layer: weight `[out, in]`, bias `[out]`. */
  unpackLinear(
    weights: Packed,
  ): { weight: Float32Array; bias: Float32Array };
  /** Convolution and batch norm in one, then the epilogue. */
  conv2d(x: Tensor4D, weights: Packed, epilogue: Epilogue): Tensor4D;
  /** The convolution's own value, without the batch norm that is folded into its weights. */
  unfoldedConv2d(x: Tensor4D, weights: Packed): Tensor4D;
  /** The batch norm alone, of the convolution with these weights, then the epilogue. */
  batchNorm(x: Tensor4D, weights: Packed, epilogue: Epilogue): Tensor4D;
  /** Nothing but the epilogue. */
  elementwise(x: Tensor4D, epilogue: Epilogue): Tensor4D;
  maxPool(x: Tensor4D, module: MaxPool2d): Tensor4D;
  /** The mean over height and width: `[N, 1, 1, C]`. */
  avgPool(x: Tensor4D): Tensor4D;
  /** `[N, 1, 1, C]` to `[N, C]`. */
  flatten(x: Tensor4D): Tensor2D;
  linear(x: Tensor2D, weights: Packed): Tensor2D;
  /** The same values in memory of their own. */
  copy(x: Tensor): Tensor;
}
