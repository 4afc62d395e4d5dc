/**
 * Symmetric int8 quantisation with a scale for each output channel.
 *
 * @module
 */

/** A tensor as int8: `value = quantized * scale[channel]`. */
export interface QuantizedTensor {
  /** -127..127, in the order of the values. */
  readonly data: Int8Array<ArrayBuffer>;
  /** One for each output channel, the first dimension; 0 where the channel is all zero. */
  readonly scale: Float32Array<ArrayBuffer>;
}

/**
 * Quantises so that each channel's largest magnitude is 127.
 *
 * @param channels Length of the first dimension; divides the number of values.
 */
export function quantizeInt8(
  values: Float32Array,
  channels: number,
): QuantizedTensor {
  const data = new Int8Array(values.length);
  const scale = new Float32Array(channels);
  const length = values.length / channels;
  for (let c = 0; c < channels; c++) {
    const channel = values.subarray(c * length, (c + 1) * length);
    scale[c] = channel.reduce((max, v) => Math.max(max, Math.abs(v)), 0) / 127;
    if (scale[c] === 0) continue;
    for (let i = 0; i < length; i++) {
      // A subnormal scale is so coarse that the quotient may be beyond 127.
      const quotient = Math.round(channel[i] / scale[c]);
      data[c * length + i] = Math.max(-127, Math.min(127, quotient));
    }
  }
  return { data, scale };
}

/** The values, rounded to float32. */
export function dequantizeInt8(
  { data, scale }: QuantizedTensor,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(data.length);
  const length = data.length / scale.length;
  for (let c = 0, at = 0; c < scale.length; c++) {
    for (let i = 0; i < length; i++, at++) values[at] = data[at] * scale[c];
  }
  return values;
}
