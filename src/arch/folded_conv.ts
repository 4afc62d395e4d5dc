/**
 * Weights as they pass from a checkpoint to the kernels.
 *
 * @module
 */

/** A filter in fewer bytes than float32: the values of each output channel, times its factor. */
export interface ScaledRows<
  V = Int8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>,
> {
  /** In C order, four or more to a channel; float16 as the bit patterns of finite values. */
  readonly values: V;
  /** One for each output channel, the first dimension; all 1 for float16. */
  readonly factors: Float32Array<ArrayBuffer>;
}

/** The weight of a convolution, OIHW, or of a linear layer, `[out, in]`. */
export type Filter = Float32Array | ScaledRows;

/** A convolution with its batch norm folded in: `filter * x + bias`. */
export interface FoldedConv<F extends Filter = Float32Array> {
  /** The filter times {@linkcode scale}, OIHW as in the state dict. */
  readonly filter: F;
  /** Added to each output channel: the batch norm's shift. */
  readonly bias: Float32Array;
  /** The batch norm's factor of each output channel. */
  readonly scale: Float32Array;
  /**
   * Filters (IHW) before folding, of the channels whose scale is zero, tiny or not finite.
   * Only a watched convolution needs them.
   */
  readonly unfolded: ReadonlyMap<number, Float32Array>;
}
