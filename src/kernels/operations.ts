/**
 * The steps of a ResNet, on any kind of value.
 *
 * @module
 */

import type { AvgPool2d, MaxPool2d } from "../arch/module.ts";

/** Weights in the kernels' memory, in the order in which they read them. */
export interface KernelWeights {
  readonly bytes: number;
  /** Frees them. */
  dispose(): void;
}

/** What is done to a sum before it is stored. */
export interface Epilogue<V> {
  /** Adds a value of the same shape. */
  readonly residual?: V;
  /** Then clamps below at 0. */
  readonly relu?: boolean;
}

/** The steps of a ResNet, on tensors or on what stands for them in a recording; all values NHWC. */
export interface Operations<V> {
  /** Convolution and batch norm in one, then the epilogue. */
  conv2d(x: V, weights: KernelWeights, epilogue: Epilogue<V>): V;
  /** The convolution alone, without the batch norm that is folded into its weights. */
  unfoldedConv2d(x: V, weights: KernelWeights): V;
  /** The batch norm alone, of the convolution with these weights, then the epilogue. */
  batchNorm(x: V, weights: KernelWeights, epilogue: Epilogue<V>): V;
  /** The epilogue alone. */
  elementwise(x: V, epilogue: Epilogue<V>): V;
  maxPool(x: V, module: MaxPool2d): V;
  /** The means of windows of 2x2. */
  smallAvgPool(x: V, module: AvgPool2d): V;
  /** The mean over height and width: `[N, 1, 1, C]`. */
  avgPool(x: V): V;
  /** `[N, 1, 1, C]` to `[N, C]`. */
  flatten(x: V): V;
  linear(x: V, weights: KernelWeights): V;
  /** Frees a value that an operation made. */
  release(x: V): void;
  /** Names the value that the next operations compute, for reports. */
  begin?(name: string): void;
}

/** Computes values from others. */
export type Build = <V>(
  operations: Operations<V>,
  inputs: readonly V[],
) => V[];
