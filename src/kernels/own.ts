/**
 * Our own kernels, on the heap of tfjs's wasm backend.
 *
 * Each is registered with tfjs-core, so that profiles, tidies and gradients see it like any other.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type {
  Tensor,
  Tensor2D,
  Tensor4D,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import type { Conv2d, Linear, MaxPool2d } from "../arch/module.ts";
import { OwnConv } from "./conv.ts";
import { outputSize } from "./geometry.ts";
import type { Epilogue, Kernels, Packed } from "./kernels.ts";
import { chooseAlgorithm } from "./planner.ts";
import {
  type Batch,
  type Runtime,
  type RuntimeOptions,
  startRuntime,
} from "./runtime.ts";
import { stockKernels } from "./stock.ts";
import { recompute } from "./unfolded.ts";

/** How to start the kernels. */
export interface OwnKernelsOptions extends RuntimeOptions {
  /** False: no Winograd. Half of the weights' bytes, and half of the speed. Default true. */
  readonly winograd?: boolean;
}

/** A set of kernels, with the threads and memory that belong to it. */
export interface OwnKernels extends Kernels {
  readonly threads: number;
  /** Ends the threads and frees its memory. What it has packed must be disposed before. */
  dispose(): void;
}

/**
 * Starts the kernels on the backend that runs.
 *
 * @throws {Error} If the backend's memory can't be reached, or the runtime has no SIMD.
 */
export async function startOwnKernels(
  { winograd = true, ...options }: OwnKernelsOptions,
): Promise<OwnKernels> {
  return kernelsOn(await startRuntime(options), winograd);
}

const batchOf = ([images, height, width]: readonly number[]): Batch => ({
  images,
  height,
  width,
});

const lowOf = ({ relu }: Epilogue) => relu ? 0 : -Infinity;

const names = [
  "LayertapConv2D",
  "LayertapPointwise",
  "LayertapMaxPool",
  "LayertapAvgPool",
] as const;

function register(): void {
  for (const kernelName of names) {
    if (tf.getKernel(kernelName, "wasm")) continue;
    tf.registerKernel({
      kernelName,
      backendName: "wasm",
      kernelFunc: ({ attrs }) =>
        (attrs as unknown as { compute(): TensorInfo }).compute(),
    });
  }
}

function runKernel<T extends Tensor>(
  name: typeof names[number],
  inputs: tf.NamedTensorMap,
  compute: () => TensorInfo,
): T {
  return tf.engine().runKernel(name, inputs, { compute } as never) as T;
}

function kernelsOn(runtime: Runtime, winograd: boolean): OwnKernels {
  const { heap, pool, scratch } = runtime;
  register();

  const addressOf = (tensor?: TensorInfo) => tensor ? heap.address(tensor) : 0;

  /** Runs a kernel that fills a new tensor. */
  const fill = <T extends Tensor>(
    name: typeof names[number],
    x: Tensor,
    shape: number[],
    write: (x: number, y: number, residual: number) => void,
    residual?: Tensor,
  ): T =>
    runKernel(name, residual ? { x, residual } : { x }, () => {
      const output = heap.output(shape);
      write(heap.address(x), heap.address(output), addressOf(residual));
      return output;
    });

  const pointwise = (
    x: Tensor4D,
    epilogue: Epilogue,
    affine?: { scale: Float32Array; bias: Float32Array },
  ): Tensor4D =>
    fill("LayertapPointwise", x, x.shape, (from, y, residual) => {
      const channels = x.shape[3];
      // Without numbers of its own a channel is like any other.
      const length = affine ? channels : x.shape[2] * channels;
      const rows = x.size / length;
      const rowsPerChunk = Math.ceil(
        Math.max(rows / pool.threads, 4096 / length),
      );
      const scale = affine ? scratch.take(8 * channels) : 0;
      const bias = scale + 4 * channels;
      if (affine) {
        heap.floats.set(affine.scale, scale / 4);
        heap.floats.set(affine.bias, bias / 4);
      }
      pool.run("pointwise", Math.ceil(rows / rowsPerChunk), {
        x: from,
        y,
        residual,
        scale,
        bias,
        low: lowOf(epilogue),
        rows,
        rowBytes: 4 * length,
        rowsPerChunk,
      });
    }, epilogue.residual);

  const conv2d = (
    x: Tensor4D,
    weights: Packed,
    { residual, relu = false }: Epilogue,
  ): Tensor4D => {
    const conv = weights as OwnConv, batch = batchOf(x.shape);
    return fill(
      "LayertapConv2D",
      x,
      conv.outputShape(batch),
      (x, y, residual) => conv.run(batch, { x, y, residual, relu }),
      residual,
    );
  };

  const maxPool = (x: Tensor4D, module: MaxPool2d): Tensor4D => {
    const { kernelSize, stride, padding } = module;
    if (kernelSize !== 3 || padding > 1) return stockKernels.maxPool(x, module);
    const [images, height, width, channels] = x.shape;
    const window = { ...module, dilation: 1 };
    const outHeight = outputSize(height, window);
    const outWidth = outputSize(width, window);
    const shape = [images, outHeight, outWidth, channels];
    return fill("LayertapMaxPool", x, shape, (x, y) => {
      const rows = images * outHeight;
      const rowsPerChunk = Math.ceil(rows / (4 * pool.threads));
      pool.run("maxPool", Math.ceil(rows / rowsPerChunk), {
        x,
        height,
        width,
        channelBytes: 4 * channels,
        y,
        outHeight,
        outWidth,
        stride,
        padding,
        rows,
        rowsPerChunk,
      });
    });
  };

  return {
    threads: pool.threads,
    packConv: (module, weights, usualHeight) =>
      new OwnConv(
        runtime,
        module,
        winograd ? chooseAlgorithm(module, usualHeight) : "direct",
        weights,
      ),
    packLinear: (module, filter, bias) =>
      new OwnConv(runtime, asConv(module), "direct", {
        filter,
        bias,
        scale: new Float32Array(),
        unfolded: new Map(),
      }),
    unpackConv: (weights) => (weights as OwnConv).unpack(),
    unpackLinear: (weights) => {
      const { filter: weight, bias } = (weights as OwnConv).unpack();
      return { weight, bias };
    },
    conv2d,
    unfoldedConv2d: (x, weights) => {
      const conv = weights as OwnConv, batch = batchOf(x.shape);
      const shape = conv.outputShape(batch);
      return tf.tidy(() => {
        const sum = fill<Tensor4D>(
          "LayertapConv2D",
          x,
          shape,
          (x, y) => conv.runWithoutBias(batch, x, y),
        );
        const divided = pointwise(sum, {}, {
          scale: conv.scale.map((s, c) => conv.unfolded.has(c) ? 0 : 1 / s),
          bias: new Float32Array(conv.scale.length),
        });
        if (conv.unfolded.size > 0) recompute(conv, x, divided);
        return divided;
      });
    },
    batchNorm: (x, weights, epilogue) =>
      pointwise(x, epilogue, weights as OwnConv),
    elementwise: (x, epilogue) => pointwise(x, epilogue),
    maxPool,
    avgPool: (x) => {
      const [images, height, width, channels] = x.shape;
      return fill(
        "LayertapAvgPool",
        x,
        [images, 1, 1, channels],
        (x, y) =>
          pool.run("avgPool", images, {
            x,
            pixels: height * width,
            channelBytes: 4 * channels,
            y,
          }),
      );
    },
    flatten: stockKernels.flatten,
    linear: (x, weights) => {
      const [rows] = x.shape, conv = weights as OwnConv;
      // Rows are the pixels of an image one high.
      const batch = { images: 1, height: 1, width: rows };
      const shape = [rows, conv.module.outChannels];
      return fill<Tensor2D>(
        "LayertapConv2D",
        x,
        shape,
        (x, y) => conv.run(batch, { x, y, residual: 0, relu: false }),
      );
    },
    copy: stockKernels.copy,
    dispose: () => runtime.dispose(),
  };
}

/** A linear layer as a convolution of single pixels. */
const asConv = (
  { inFeatures, outFeatures }: Linear,
): Omit<Conv2d, "type" | "name" | "children"> => ({
  inChannels: inFeatures,
  outChannels: outFeatures,
  kernelSize: 1,
  stride: 1,
  padding: 0,
  dilation: 1,
  groups: 1,
});
