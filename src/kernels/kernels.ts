/**
 * What the graph asks of a set of kernels: our own, or tfjs's stock kernels.
 *
 * All tensors are float32, NHWC. Kernels neither keep nor dispose their inputs; the caller owns
 * what they return.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Filter, FoldedConv } from "../arch/folded_conv.ts";
import type { Conv2d, Linear } from "../arch/module.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import type { Build, KernelWeights } from "./operations.ts";

/** How kernels store weights. The stock kernels ignore it and store float32. */
export interface WeightStorage {
  /** The type that they are rounded to. Default `"float32"`. */
  readonly dtype?: WeightsDType;
  /** Whether they may take more memory where that is faster. Default true. */
  readonly winograd?: boolean;
  /**
   * The height of a convolution's input for pictures of the usual size. It helps to choose an
   * algorithm; other heights give the same numbers, only more slowly.
   */
  readonly usualHeight?: number;
}

/** One implementation of the steps of a ResNet. */
export interface Kernels {
  /** Whether filters may come as scaled rows. */
  readonly takesRows: boolean;
  /**
   * Copies a convolution's weights to the kernels' memory. Other threads may go on with it when it
   * returns; see {@linkcode Kernels.finishLoading}.
   */
  loadConv(
    module: Conv2d,
    weights: FoldedConv<Filter>,
    storage?: WeightStorage,
  ): KernelWeights;
  /** Copies a linear layer: weight `[out, in]`, bias `[out]`. */
  loadLinear(
    module: Linear,
    weight: Filter,
    bias: Float32Array,
    storage?: WeightStorage,
  ): KernelWeights;
  /** Waits for the weights' last copies, and frees the memory that these took. */
  finishLoading(): void;
  /** Copies a convolution's weights back, as exactly as they are stored. */
  readConv(weights: KernelWeights): FoldedConv;
  /** Copies a linear layer back: weight `[out, in]`, bias `[out]`. */
  readLinear(
    weights: KernelWeights,
  ): { weight: Float32Array; bias: Float32Array };
  /**
   * Prepares what `build` does for inputs of these shapes.
   *
   * @param build Called now, or in each run. It must do the same each time, and release all that
   *   it makes and doesn't return.
   */
  prepare(shapes: readonly (readonly number[])[], build: Build): Prepared;
  /** The memory that a pass takes, without taking it. */
  measure(shapes: readonly (readonly number[])[], build: Build): PassMemory;
  /** Whether blocks of these sizes fit besides what is in memory. */
  hasRoom(blocks: readonly number[]): boolean;
  /** A copy in memory of its own. */
  copy(x: Tensor): Tensor;
}

/** The memory of a pass; each number is the bytes of a block. */
export interface PassMemory {
  /** Shapes of the outputs. */
  readonly outputs: readonly (readonly number[])[];
  /** What stays from run to run. */
  readonly kept: readonly number[];
  /** What a run holds at its peak, the outputs included. */
  readonly peak: readonly number[];
}

/** Operations prepared for inputs of certain shapes, to be run many times. */
export interface Prepared {
  /** Runs them. The caller owns the result. */
  run(inputs: readonly Tensor[]): Tensor[];
  /** What runs; empty with the stock kernels. */
  readonly steps: readonly PreparedStep[];
  /** Bytes of memory that a run needs besides inputs and outputs. */
  readonly arenaBytes: number;
  /** Frees the preparation. */
  dispose(): void;
}

/** A step of a prepared pass. */
export interface PreparedStep {
  /** The name of the value that it computes. */
  readonly name: string;
  /** What runs, in turn. */
  readonly jobs: readonly PreparedJob[];
  /** The value's shape. */
  readonly shape: readonly number[];
  /** The value's part of the shared memory; null if it is a tensor of its own. */
  readonly slot: { readonly offset: number; readonly bytes: number } | null;
}

/** Work that threads share. */
export interface PreparedJob {
  readonly task: string;
  /** The number of pieces. */
  readonly chunks: number;
  /** The size of a piece, as `"77 of 2091 tiles by 8 of 8 panels"`. */
  readonly chunk: string;
}
