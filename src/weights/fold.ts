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
