/**
 * Folding a batch norm into the convolution before it.
 *
 * @module
 */

import type { Filter, FoldedConv } from "../arch/folded_conv.ts";
import { scaledRowsToFloat32 } from "./scaled_rows.ts";

/** `torch.nn.BatchNorm2d`'s default, which torchvision's ResNets keep. */
const defaultEps = 1e-5;

/** Below this, dividing a folded filter by its scale loses digits. */
const smallestScale = 1e-12;

/** A batch norm's parameters and running statistics, one value for each channel. */
export interface BatchNormValues {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** A convolution and the batch norm after it. */
export interface ConvAndBatchNorm {
  /** OIHW. */
  readonly filter: Float32Array;
  readonly norm: BatchNormValues;
}

/**
 * Folds a batch norm in evaluation into a convolution without bias; overwrites the filter.
 *
 * `y = (x - mean) / sqrt(variance + eps) * weight + bias`, computed in float64 and rounded once.
 */
export function foldBatchNorm<F extends Filter>(
  filter: F,
  { weight, bias, mean, variance }: BatchNormValues,
  eps = defaultEps,
): FoldedConv<F> {
  const channels = weight.length;
  const unfolded = new Map<number, Float32Array>();
  const scales = new Float32Array(channels);
  const shifts = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const scale = weight[c] / Math.sqrt(variance[c] + eps);
    scales[c] = scale;
    shifts[c] = bias[c] - mean[c] * scale;
    if (!(Math.abs(scale) >= smallestScale && Number.isFinite(scale))) {
      unfolded.set(c, rowOf(filter, c, channels));
    }
    if (filter instanceof Float32Array) {
      const size = filter.length / channels, end = (c + 1) * size;
      for (let i = c * size; i < end; i++) filter[i] *= scale;
    } else filter.factors[c] *= scale;
  }
  return { filter, bias: shifts, scale: scales, unfolded };
}

/** One output channel of a filter, as a copy. */
function rowOf(
  filter: Filter,
  channel: number,
  channels: number,
): Float32Array {
  if (filter instanceof Float32Array) {
    const size = filter.length / channels;
    return filter.slice(channel * size, (channel + 1) * size);
  }
  const { values, factors } = filter, size = values.length / channels;
  return scaledRowsToFloat32({
    values: values.subarray(channel * size, (channel + 1) * size),
    factors: factors.subarray(channel, channel + 1),
  });
}

/**
 * A convolution and a batch norm that fold into this one; overwrites the filter.
 *
 * The batch norm's means are 0, its variances 1 - eps, so its weights are the scales. Folding again
 * gives the same scales and biases; filters may differ in the last bit.
 */
export function unfoldBatchNorm(
  { filter, bias, scale, unfolded }: FoldedConv,
  eps = defaultEps,
): ConvAndBatchNorm {
  const channels = scale.length;
  const size = filter.length / channels;
  for (let c = 0; c < channels; c++) {
    const begin = c * size, end = begin + size;
    const kept = unfolded.get(c);
    if (kept) filter.set(kept, begin);
    else for (let i = begin; i < end; i++) filter[i] /= scale[c];
  }
  const norm = {
    weight: scale,
    bias,
    mean: new Float32Array(channels),
    variance: new Float32Array(channels).fill(1 - eps),
  };
  return { filter, norm };
}
