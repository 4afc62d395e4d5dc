/**
 * The memory of a pass with the stock kernels, which check no allocation of their own.
 *
 * @module
 */

import type { AvgPool2d, Conv2d, MaxPool2d } from "../arch/module.ts";
import { outputSize } from "./geometry.ts";
import type { PassMemory } from "./kernels.ts";
import type {
  Build,
  Epilogue,
  KernelWeights,
  Operations,
} from "./operations.ts";

/** A value that isn't computed. */
interface Value {
  readonly shape: readonly number[];
}

const bytesOf = ({ shape }: Value): number =>
  4 * shape.reduce((a, b) => a * b, 1);

/** Weights of the stock kernels, as far as sizes go. */
type Sized = KernelWeights & {
  readonly module?: Conv2d;
  readonly weight?: { readonly shape: readonly number[] };
};

/** Follows the operations and adds up the memory of their values. */
class Measurement implements Operations<Value> {
  readonly #live = new Set<Value>();
  readonly kept: number[] = [];
  peak: number[] = [];

  conv2d(x: Value, weights: KernelWeights, epilogue: Epilogue<Value>): Value {
    return this.#convolve(x, weights, epilogue);
  }

  unfoldedConv2d(x: Value, weights: KernelWeights): Value {
    return this.#convolve(x, weights, {}, 2);
  }

  /** @param copies Further values of the output's size while it runs. */
  #convolve(
    { shape: [images, height, width, channels] }: Value,
    weights: KernelWeights,
    { residual, relu }: Epilogue<Value>,
    copies = (residual ? 1 : 0) + (residual && relu ? 1 : 0),
  ): Value {
    const module = (weights as Sized).module!;
    const outHeight = outputSize(height, module);
    const outWidth = outputSize(width, module);
    const { groups, kernelSize, outChannels } = module;
    // XNNPACK's pointers: one for each tap of each output of an image.
    const pointers = kernelSize > 1
      ? kernelSize ** 2 * outHeight * outWidth
      : 0;
    this.kept.push(4 * pointers * groups);
    const shape = [images, outHeight, outWidth, outChannels];
    const split = groups > 1 ? [[images, height, width, channels], shape] : [];
    return this.#make(shape, [...Array(copies).fill(shape), ...split]);
  }

  batchNorm(
    { shape }: Value,
    _weights: KernelWeights,
    _epilogue: Epilogue<Value>,
  ): Value {
    return this.#make(shape, [shape, shape]);
  }

  elementwise({ shape }: Value, { residual }: Epilogue<Value>): Value {
    return this.#make(shape, residual ? [shape] : []);
  }

  maxPool({ shape: [images, height, width, c] }: Value, module: MaxPool2d) {
    const outHeight = outputSize(height, module);
    const outWidth = outputSize(width, module);
    this.kept.push(4 * module.kernelSize ** 2 * outHeight * outWidth);
    return this.#make([images, outHeight, outWidth, c]);
  }

  smallAvgPool({ shape }: Value, { stride }: AvgPool2d): Value {
    const [images, height, width, channels] = shape;
    const outHeight = Math.ceil(height / stride);
    const outWidth = Math.ceil(width / stride);
    const padded = [images, height + 1, width + 1, channels];
    return this.#make([images, outHeight, outWidth, channels], [padded]);
  }

  avgPool({ shape: [images, , , channels] }: Value): Value {
    return this.#make([images, 1, 1, channels]);
  }

  flatten({ shape: [images, height, width, channels] }: Value): Value {
    return this.#make([images, height * width * channels]);
  }

  linear({ shape: [images] }: Value, weights: KernelWeights): Value {
    const shape = [images, (weights as Sized).weight!.shape[0]];
    return this.#make(shape, [shape]);
  }

  release(x: Value): void {
    this.#live.delete(x);
  }

  /** A new value, and values that exist only while it is computed. */
  #make(shape: readonly number[], passing: (readonly number[])[] = []): Value {
    const value = { shape };
    this.#live.add(value);
    const now = [
      ...[...this.#live].map(bytesOf),
      ...passing.map((shape) => bytesOf({ shape })),
    ];
    if (sum(now) > sum(this.peak)) this.peak = now;
    return value;
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** Takes the same as `Kernels.prepare`. */
export function measureStock(
  shapes: readonly (readonly number[])[],
  build: Build,
): PassMemory {
  const measurement = new Measurement();
  const outputs = build<Value>(measurement, shapes.map((shape) => ({ shape })));
  const { kept, peak } = measurement;
  return {
    outputs: outputs.map(({ shape }) => shape),
    kept,
    // Values come and go one by one, so that the largest may find only gaps.
    peak: [...peak, Math.max(0, ...peak)],
  };
}
