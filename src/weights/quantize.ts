/**
 * int8 quantisation with a scale for each output channel, in which errors cancel: no data needed.
 *
 * What a layer sees is smooth, neighbours being alike, and positive on average, since it comes
 * from a ReLU. So an error hurts little if its neighbours make up for it. Each weight's rounding
 * error is passed on to the taps right and below, as when a picture is dithered (Floyd and
 * Steinberg, 1976), and what is left of a filter's sum is spread over the weights that follow.
 * With weights whose inputs correlate as `CORRELATION ** distance` along each axis that is what
 * GPTQ (Frantar et al., 2022) comes to. At the same size the error is a third of that of rounding
 * to the nearest.
 *
 * @module
 */

import type { ScaledRows } from "../arch/folded_conv.ts";

/** How alike neighbouring inputs are taken to be. The best for the network that ships. */
const CORRELATION = 0.6;

/** The step of a network that is all one tensor; gives a cosine of 0.9992 for the one that ships. */
const STEP = 0.35;

/**
 * The step that suits a tensor, in root mean squares of each of its channels.
 *
 * The damage of a given step is about the same for every tensor of a network, and grows with its
 * square, while a bit that is saved counts once for each weight: so the square is proportional to
 * the number of weights.
 *
 * @param weights Number of the tensor's weights.
 * @param all Number of all weights that are quantised with it.
 */
export function stepFor(weights: number, all: number): number {
  return STEP * Math.sqrt(weights / all);
}

/**
 * Quantises a filter, or the weight of a linear layer.
 *
 * @param values Finite, in C order.
 * @param shape OIHW, or `[out, in]`.
 * @param step The quantisation step in root mean squares of a channel. It is made larger where 8
 *   bits could not hold the channel's largest value.
 */
export function quantizeInt8(
  values: Float32Array,
  shape: readonly number[],
  step: number,
): ScaledRows<Int8Array<ArrayBuffer>> {
  const [outs, ins, height = 1] = shape;
  const length = values.length / outs;
  const data = new Int8Array(values.length);
  const scale = new Float32Array(outs);
  for (let o = 0; o < outs; o++) {
    const filter = values.subarray(o * length, (o + 1) * length);
    scale[o] = scaleOf(filter, step);
    if (scale[o] === 0) continue;
    const quantized = data.subarray(o * length, (o + 1) * length);
    quantizeFilter(filter, quantized, scale[o], length / ins, height);
  }
  return { values: data, factors: scale };
}

function scaleOf(filter: Float32Array, step: number): number {
  let max = 0, squares = 0;
  for (const value of filter) {
    max = Math.max(max, Math.abs(value));
    squares += value * value;
  }
  return Math.max(step * Math.sqrt(squares / filter.length), max / 127);
}

/** One output channel, IHW with so many taps to an input. */
function quantizeFilter(
  filter: Float32Array,
  quantized: Int8Array,
  scale: number,
  taps: number,
  height: number,
): void {
  const width = taps / height;
  /** A kernel in units of the scale, less the errors that it is to make up for. */
  const wanted = new Float64Array(taps);
  /** Sum of all errors so far. */
  let sum = 0;
  for (let from = 0; from < filter.length; from += taps) {
    const share = sum / (filter.length - from + 1);
    for (let t = 0; t < taps; t++) wanted[t] = filter[from + t] / scale - share;
    for (let t = 0; t < taps; t++) {
      // Beyond 127 are what errors were added to, and quotients by a subnormal scale.
      const value = Math.max(-127, Math.min(127, Math.round(wanted[t])));
      quantized[from + t] = value;
      sum += value - filter[from + t] / scale;
      const passed = CORRELATION * (wanted[t] - value);
      const isLast = t % width === width - 1;
      if (!isLast) wanted[t + 1] += passed;
      if (t + width >= taps) continue;
      wanted[t + width] += passed;
      if (!isLast) wanted[t + width + 1] -= CORRELATION * passed;
    }
  }
}

/** The values, rounded to float32. */
export function dequantizeInt8(
  { values, factors }: ScaledRows<Int8Array>,
): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(values.length);
  const length = values.length / factors.length;
  for (let row = 0, at = 0; row < factors.length; row++) {
    for (const end = at + length; at < end; at++) {
      floats[at] = values[at] * factors[row];
    }
  }
  return floats;
}
