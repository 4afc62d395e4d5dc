/**
 * The stock kernels of tfjs's wasm backend, which use XNNPACK.
 *
 * They have neither groups nor residuals, so those are operations of their own.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import type {
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor4D,
} from "@tensorflow/tfjs-core";
import type { FoldedConv } from "../arch/folded_conv.ts";
import type { AvgPool2d, Conv2d } from "../arch/module.ts";
import { release } from "../runtime/release.ts";
import { Heap } from "./heap.ts";
import type { Kernels } from "./kernels.ts";
import type { Epilogue, KernelWeights, Operations } from "./operations.ts";
import { measureStock } from "./stock_memory.ts";

/** A convolution's weights, one HWIO filter for each group. */
class StockConv implements KernelWeights {
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

class StockLinear implements KernelWeights {
  readonly bytes: number;
  constructor(readonly weight: Tensor2D, readonly bias: Tensor1D) {
    this.bytes = 4 * (weight.size + bias.size);
  }
  dispose(): void {
    tf.dispose([this.weight, this.bias]);
  }
}

/** OIHW to HWIO, of the first `outs` filters. */
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
  release(hwio); // The tensor is a copy in the backend's memory.
  return tensor;
}

/** HWIO to OIHW, which it writes to `filter` from `at` on. */
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

/** Weights outlive a surrounding `tf.tidy`. */
const kept = <T extends Tensor>(tensor: T): T => tf.keep(tensor);

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

/** Convolves group by group. */
function grouped({ module, filters }: StockConv, x: Tensor4D): Tensor4D {
  const inputs = tf.split<Tensor4D>(x, filters.length, 3);
  return tf.concat(
    inputs.map((input, g) => convolve(module, input, filters[g])),
    3,
  );
}

function applyEpilogue(
  x: Tensor,
  { residual, relu }: Epilogue<Tensor>,
): Tensor {
  const sum = residual ? tf.add(x, residual) : x;
  return relu ? tf.relu(sum) : sum;
}

function loadConv(module: Conv2d, weights: FoldedConv): StockConv {
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

function readConv(weights: KernelWeights): FoldedConv {
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

function conv2d(
  x: Tensor4D,
  conv: StockConv,
  epilogue: Epilogue<Tensor>,
): Tensor {
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

/** Divides by the scale; channels whose scale is too small are convolved again, unfolded. */
function unfoldedConv2d(x: Tensor4D, conv: StockConv): Tensor4D {
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
    // Channel c is one of the divided channels, or one of those appended to them.
    const channels = [...unfolded.keys()];
    const order = Int32Array.from(
      { length: outChannels },
      (_, c) => unfolded.has(c) ? outChannels + channels.indexOf(c) : c,
    );
    const all = tf.concat([divided, ...anew], 3);
    return tf.gather(all, tf.tensor1d(order, "int32"), 3);
  });
}

/** Pads with zeros; where those don't count, divides again by the share of the window that does. */
function smallAvgPool(
  x: Tensor4D,
  { kernelSize, stride, countIncludePad }: AvgPool2d,
): Tensor4D {
  const [, h, w] = x.shape;
  const pool = (x: Tensor4D) => {
    const padded = tf.pad(x, [
      [0, 0],
      [0, stride === 1 ? 1 : h % 2],
      [0, stride === 1 ? 1 : w % 2],
      [0, 0],
    ]) as Tensor4D;
    return tf.avgPool(padded, kernelSize, stride, "valid");
  };
  return countIncludePad
    ? pool(x)
    : tf.div(pool(x), pool(tf.ones([1, h, w, 1])));
}

const operations: Operations<Tensor> = {
  conv2d: (x, weights, epilogue) =>
    conv2d(x as Tensor4D, weights as StockConv, epilogue),
  unfoldedConv2d: (x, weights) =>
    unfoldedConv2d(x as Tensor4D, weights as StockConv),
  batchNorm(x, weights, epilogue) {
    const { scale, bias } = weights as StockConv;
    return tf.tidy(() =>
      applyEpilogue(tf.add(tf.mul(x, tf.tensor1d(scale)), bias), epilogue)
    );
  },
  elementwise: (x, epilogue) => tf.tidy(() => applyEpilogue(x, epilogue)),
  maxPool: (x, { kernelSize, stride, padding }) =>
    tf.maxPool(x as Tensor4D, kernelSize, stride, padding, "floor"),
  smallAvgPool: (x, module) =>
    tf.tidy(() => smallAvgPool(x as Tensor4D, module)),
  avgPool: (x) => tf.mean(x, [1, 2], true),
  flatten: (x) => tf.reshape(x, [x.shape[0], -1]),
  linear(x, weights) {
    const { weight, bias } = weights as StockLinear;
    return tf.tidy(() =>
      tf.add(tf.matMul(x as Tensor2D, weight, false, true), bias)
    );
  },
  release: (x) => x.dispose(),
};

/** The stock kernels. Start the backend first. */
export const stockKernels: Kernels = {
  takesRows: false,
  loadConv: (module, weights) => loadConv(module, weights as FoldedConv),
  loadLinear: ({ inFeatures, outFeatures }, weight, bias) =>
    new StockLinear(
      kept(tf.tensor2d(weight as Float32Array, [outFeatures, inFeatures])),
      kept(tf.tensor1d(bias)),
    ),
  finishLoading() {},
  readConv,
  readLinear(weights) {
    const { weight, bias } = weights as StockLinear;
    return {
      weight: weight.dataSync<"float32">(),
      bias: bias.dataSync<"float32">(),
    };
  },
  prepare: (_shapes, build) => ({
    run: (inputs) => tf.tidy(() => build(operations, inputs)),
    steps: [],
    arenaBytes: 0,
    dispose() {},
  }),
  measure: measureStock,
  hasRoom: (blocks) => new Heap().hasRoom(blocks),
  copy: (x) => tf.tensor(x.dataSync(), x.shape, x.dtype),
};
