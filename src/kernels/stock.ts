/**
 * The kernels that come with tfjs's wasm backend (XNNPACK inside).
 *
 * They have no groups and no residual, so those take operations of their own.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { FoldedConv } from "../arch/folded_conv.ts";
import type { Conv2d } from "../arch/module.ts";
import { release } from "../runtime/release.ts";
import type { Epilogue, Kernels, Packed } from "./kernels.ts";

/** A group's filter as tfjs wants it, HWIO. */
class StockConv implements Packed {
  readonly bytes: number;
  constructor(
    readonly module: Conv2d,
    readonly filters: readonly Tensor4D[],
    readonly bias: Tensor1D,
    readonly scale: Float32Array,
    readonly unfolded: ReadonlyMap<number, Float32Array>,
  ) {
    const tensors = [...filters, bias];
    this.bytes = 4 * tensors.reduce((sum, tensor) => sum + tensor.size, 0);
  }
  dispose(): void {
    tf.dispose([...this.filters, this.bias]);
  }
}

class StockLinear implements Packed {
  readonly bytes: number;
  constructor(readonly weight: Tensor2D, readonly bias: Tensor1D) {
    this.bytes = 4 * (weight.size + bias.size);
  }
  dispose(): void {
    tf.dispose([this.weight, this.bias]);
  }
}

/** OIHW, `outs` filters from the front of the array, to HWIO. */
function toHWIO(
  filter: Float32Array,
  [outs, ins, height, width]: readonly number[],
): Tensor4D {
  const hwio = new Float32Array(outs * ins * height * width);
  const taps = height * width;
  let to = 0;
  for (let t = 0; t < taps; t++) {
    for (let i = 0; i < ins; i++) {
      let from = i * taps + t;
      for (let o = 0; o < outs; o++, from += ins * taps) {
        hwio[to++] = filter[from];
      }
    }
  }
  const tensor = tf.tensor4d(hwio, [height, width, ins, outs]);
  release(hwio); // The tensor is a copy, in the backend's memory.
  return tensor;
}

/** The reverse: HWIO to OIHW, from `at` on in `filter`. */
function fromHWIO(tensor: Tensor4D, filter: Float32Array, at: number): void {
  const [height, width, ins, outs] = tensor.shape;
  const hwio = tensor.dataSync<"float32">();
  const taps = height * width;
  for (let o = 0; o < outs; o++) {
    for (let i = 0; i < ins; i++) {
      for (let t = 0; t < taps; t++) {
        filter[at++] = hwio[(t * ins + i) * outs + o];
      }
    }
  }
}

/** Weights outlive any `tf.tidy` that they happen to be made in. */
const kept = <T extends tf.Tensor>(tensor: T): T => tf.keep(tensor);

function convolve(
  module: Conv2d,
  x: Tensor4D,
  filter: Tensor4D,
  bias?: Tensor1D,
  relu = false,
): Tensor4D {
  return tf.fused.conv2d({
    x,
    filter,
    strides: module.stride,
    pad: module.padding,
    dimRoundingMode: "floor",
    dilations: module.dilation,
    bias,
    activation: relu ? "relu" : "linear",
  });
}

/** The convolution, group by group. */
function grouped(
  { module, filters }: StockConv,
  x: Tensor4D,
): Tensor4D {
  const inputs = tf.split<Tensor4D>(x, filters.length, 3);
  return tf.concat(
    inputs.map((input, g) => convolve(module, input, filters[g])),
    3,
  );
}

function applyEpilogue(x: Tensor4D, { residual, relu }: Epilogue): Tensor4D {
  const sum = residual ? tf.add<Tensor4D>(x, residual) : x;
  return relu ? tf.relu(sum) : sum;
}

function packConv(module: Conv2d, weights: FoldedConv): StockConv {
  const { groups, inChannels, outChannels, kernelSize: k } = module;
  const shape = [outChannels / groups, inChannels / groups, k, k];
  const size = weights.filter.length / groups;
  return new StockConv(
    module,
    Array.from(
      { length: groups },
      (_, g) => kept(toHWIO(weights.filter.subarray(g * size), shape)),
    ),
    kept(tf.tensor1d(weights.bias)),
    weights.scale,
    weights.unfolded,
  );
}

function unpackConv(weights: Packed): FoldedConv {
  const { filters, bias, scale, unfolded } = weights as StockConv;
  const size = filters[0].size;
  const filter = new Float32Array(filters.length * size);
  filters.forEach((tensor, g) => fromHWIO(tensor, filter, g * size));
  return {
    filter,
    bias: bias.dataSync<"float32">(),
    scale: scale.slice(),
    unfolded,
  };
}

function conv2d(x: Tensor4D, weights: Packed, epilogue: Epilogue): Tensor4D {
  const conv = weights as StockConv;
  const { module, filters, bias } = conv;
  return tf.tidy(() => {
    if (filters.length > 1) {
      return applyEpilogue(tf.add(grouped(conv, x), bias), epilogue);
    }
    const { residual, relu } = epilogue;
    const fused = convolve(module, x, filters[0], bias, relu && !residual);
    return residual ? applyEpilogue(fused, epilogue) : fused;
  });
}

/** Divides by the scale; a channel that can't be divided by its scale is convolved anew. */
function unfoldedConv2d(x: Tensor4D, weights: Packed): Tensor4D {
  const conv = weights as StockConv;
  const { module, filters, scale, unfolded } = conv;
  const inverse = scale.map((s, c) => unfolded.has(c) ? 0 : 1 / s);
  return tf.tidy(() => {
    const sum = filters.length > 1
      ? grouped(conv, x)
      : convolve(module, x, filters[0]);
    const divided = tf.mul<Tensor4D>(sum, tf.tensor1d(inverse));
    if (unfolded.size === 0) return divided;
    const { groups, inChannels, outChannels, kernelSize: k } = module;
    const ins = inChannels / groups;
    const anew = [...unfolded].map(([channel, filter]) => {
      const group = Math.floor(channel / (outChannels / groups));
      const input = tf.slice(x, [0, 0, 0, group * ins], [-1, -1, -1, ins]);
      return convolve(module, input, toHWIO(filter, [1, ins, k, k]));
    });
    // Channel c comes from the divided ones, or from those behind them.
    const channels = [...unfolded.keys()];
    const order = Int32Array.from(
      { length: outChannels },
      (_, c) => unfolded.has(c) ? outChannels + channels.indexOf(c) : c,
    );
    const all = tf.concat([divided, ...anew], 3);
    return tf.gather(all, tf.tensor1d(order, "int32"), 3);
  });
}

function batchNorm(
  x: Tensor4D,
  weights: Packed,
  epilogue: Epilogue,
): Tensor4D {
  const { scale, bias } = weights as StockConv;
  return tf.tidy(() => {
    const scaled = tf.mul(x, tf.tensor1d(scale));
    return applyEpilogue(tf.add(scaled, bias), epilogue);
  });
}

/** The stock kernels; the backend must have been started. */
export const stockKernels: Kernels = {
  packsRows: false,
  packConv,
  packLinear: ({ inFeatures, outFeatures }, weight, bias) =>
    new StockLinear(
      kept(tf.tensor2d(weight as Float32Array, [outFeatures, inFeatures])),
      kept(tf.tensor1d(bias)),
    ),
  unpackConv,
  unpackLinear: (weights) => {
    const { weight, bias } = weights as StockLinear;
    return {
      weight: weight.dataSync<"float32">(),
      bias: bias.dataSync<"float32">(),
    };
  },
  conv2d,
  unfoldedConv2d,
  batchNorm,
  elementwise: (x: Tensor4D, epilogue: Epilogue) =>
    tf.tidy(() => applyEpilogue(x, epilogue)),
  maxPool: (x: Tensor4D, { kernelSize, stride, padding }) =>
    tf.maxPool(x, kernelSize, stride, padding, "floor"),
  avgPool: (x) => tf.mean(x, [1, 2], true),
  flatten: (x) => tf.reshape(x, [x.shape[0], -1]),
  linear: (x, weights) => {
    const { weight, bias } = weights as StockLinear;
    return tf.tidy(() =>
      tf.add<Tensor2D>(tf.matMul(x, weight, false, true), bias)
    );
  },
  release: (x) => x.dispose(),
  prepare: (_shapes, build) => ({
    run: (inputs) => tf.tidy(() => build(stockKernels, inputs)),
    steps: [],
    arenaBytes: 0,
    dispose() {},
  }),
  copy: (x) => tf.tensor(x.dataSync(), x.shape, x.dtype),
};
