/**
 * What the graph asks of a set of kernels. The stock kernels are one; ours will be another.
 *
 * All tensors are float32, NHWC. A kernel keeps none of its inputs and disposes none; what it
 * returns belongs to the caller.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Conv2d, Linear, MaxPool2d } from "../arch/module.ts";
import type { Filter, FoldedConv } from "../arch/folded_conv.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";

/** How weights are packed. What a set of kernels doesn't have, it leaves. */
export interface Packing {
  /** What they are rounded to. Default `"float32"`. */
  readonly dtype?: WeightsDType;
  /** False: in no form that has more weights than the filter, if that were faster. Default true. */
  readonly winograd?: boolean;
  /**
   * Height of a convolution's input when the network's is as in training. It may decide how the
   * weights are packed; other sizes give the same numbers, only less fast.
   */
  readonly usualHeight?: number;
}

/** Weights in the form that a set of kernels computes with; opaque to everybody else. */
export interface Packed {
  /** Bytes of the packed weights, for reports. */
  readonly bytes: number;
  /** Frees them. */
  dispose(): void;
}

/** What is done to a sum before it is stored. */
export interface Epilogue<V = Tensor4D> {
  /** Adds a value of the same shape. */
  readonly residual?: V;
  /** Then clamps below at 0. */
  readonly relu?: boolean;
}

/**
 * The steps that a ResNet takes, on tensors, or on what stands for them while a pass is prepared.
 */
export interface Operations<V> {
  /** Convolution and batch norm in one, then the epilogue. */
  conv2d(x: V, weights: Packed, epilogue: Epilogue<V>): V;
  /** The convolution's own value, without the batch norm that is folded into its weights. */
  unfoldedConv2d(x: V, weights: Packed): V;
  /** The batch norm alone, of the convolution with these weights, then the epilogue. */
  batchNorm(x: V, weights: Packed, epilogue: Epilogue<V>): V;
  /** Nothing but the epilogue. */
  elementwise(x: V, epilogue: Epilogue<V>): V;
  maxPool(x: V, module: MaxPool2d): V;
  /** The mean over height and width: `[N, 1, 1, C]`. */
  avgPool(x: V): V;
  /** `[N, 1, 1, C]` to `[N, C]`. */
  flatten(x: V): V;
  linear(x: V, weights: Packed): V;
  /** Nobody needs a value any more that an operation made. */
  release(x: V): void;
  /** What follows computes the value of that name; for whoever prints a pass. */
  begin?(name: string): void;
}

/** Makes some values out of others. */
export type Build = <V>(
  operations: Operations<V>,
  inputs: readonly V[],
) => V[];

/** Steps that are laid out for inputs of certain shapes, to be run as often as one likes. */
export interface Prepared {
  /** Runs them; what it returns belongs to the caller. */
  run(inputs: readonly Tensor[]): Tensor[];
  /** What will run, as far as the kernels say so. */
  readonly steps: readonly PreparedStep[];
  /** Bytes of memory while they run, besides inputs and outputs. */
  readonly arenaBytes: number;
  /** Frees what was laid out. */
  dispose(): void;
}

/** A step as it will be run. */
export interface PreparedStep {
  /** The name that it began with. */
  readonly name: string;
  /** What runs, in turn. */
  readonly jobs: readonly PreparedJob[];
  /** Of its value. */
  readonly shape: readonly number[];
  /** Where its value stands among those that share memory; null: it is a tensor. */
  readonly slot: { readonly offset: number; readonly bytes: number } | null;
}

/** Work that threads share. */
export interface PreparedJob {
  readonly task: string;
  /** How many pieces it has. */
  readonly chunks: number;
  /** What one of them is, as `"77 of 2091 tiles by 8 of 8 panels"`. */
  readonly chunk: string;
}

/** One implementation of every step that a ResNet takes. */
export interface Kernels extends Operations<Tensor> {
  /** Whether filters may be packed from {@linkcode ScaledRows}. */
  readonly packsRows: boolean;
  /** Packs a convolution. The arrays may be reused afterwards. */
  packConv(
    module: Conv2d,
    weights: FoldedConv<Filter>,
    packing?: Packing,
  ): Packed;
  /** Packs a linear layer: weight `[out, in]`, bias `[out]`. */
  packLinear(
    module: Linear,
    weight: Filter,
    bias: Float32Array,
    packing?: Packing,
  ): Packed;
  /** What was packed, as exactly as it is kept: for saving a model. The arrays are new. */
  unpackConv(weights: Packed): FoldedConv;
  /** The same for a linear layer: weight `[out, in]`, bias `[out]`. */
  unpackLinear(
    weights: Packed,
  ): { weight: Float32Array; bias: Float32Array };
  conv2d(x: Tensor4D, weights: Packed, epilogue: Epilogue): Tensor4D;
  /**
   * Lays out what `build` does, for inputs of these shapes.
   *
   * @param build Called at once, or in each run. It must do the same each time, and release what
   *   it made and neither needs nor returns.
   */
  prepare(shapes: readonly (readonly number[])[], build: Build): Prepared;
  /** The same values in memory of their own. */
  copy(x: Tensor): Tensor;
}
