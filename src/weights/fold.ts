/**
 * Folding a batch norm into the convolution before it.
 *
 * @module
 */

/** `torch.nn.BatchNorm2d`'s default, which torchvision's ResNets keep. */
const eps = 1e-5;

/** Below this a folded filter can't be divided by its scale again without losing digits. */
const smallestScale = 1e-12;

/** A batch norm's parameters and running statistics, one value for each channel. */
export interface BatchNormValues {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** A convolution and the batch norm behind it. */
export interface ConvAndBatchNorm {
  /** OIHW. */
  readonly filter: Float32Array;
  readonly norm: BatchNormValues;
}

/** A convolution whose output is the batch norm's: `filter * x + bias`. */
export interface FoldedConv {
  /** The scaled filter, OIHW: the array that was given. */
  readonly filter: Float32Array;
  readonly bias: Float32Array;
  /** What each channel's filter was multiplied by. */
  readonly scale: Float32Array;
  /** Filters as they were, of the channels whose scale is zero, tiny or not finite. */
  readonly unfolded: ReadonlyMap<number, Float32Array>;
}

/**
 * Folds a batch norm in evaluation into a convolution without bias, in place.
 *
 * `y = (x - mean) / sqrt(variance + eps) * weight + bias`, computed in float64 and rounded once.
 *
 * @param filter OIHW values; they are overwritten.
 */
export function foldBatchNorm(
  filter: Float32Array,
  { weight, bias, mean, variance }: BatchNormValues,
): FoldedConv {
  const channels = weight.length;
  const size = filter.length / channels;
  const unfolded = new Map<number, Float32Array>();
  const scales = new Float32Array(channels);
  const shifts = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const scale = weight[c] / Math.sqrt(variance[c] + eps);
    scales[c] = scale;
    shifts[c] = bias[c] - mean[c] * scale;
    const begin = c * size, end = begin + size;
    if (!(Math.abs(scale) >= smallestScale && Number.isFinite(scale))) {
      unfolded.set(c, filter.slice(begin, end));
    }
    for (let i = begin; i < end; i++) filter[i] *= scale;
  }
  return { filter, bias: shifts, scale: scales, unfolded };
}

/**
 * A convolution and a batch norm that fold into the given: an equivalent of what was folded, with
 * means of 0 and variances such that the weights are the scales.
 *
 * Folding it again gives the same scales and biases; a filter's values may differ in the last bit.
 *
 * @param folded Its filter is overwritten.
 */
export function unfoldBatchNorm(
  { filter, bias, scale, unfolded }: FoldedConv,
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
