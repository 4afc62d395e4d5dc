/**
 * int8 quantisation with a scale for each output channel; errors cancel, and it needs no data.
 *
 * A layer's input is smooth, as neighbours are alike, and positive on average, as it comes from a
 * ReLU. So an error does little harm if its neighbours make up for it. Each weight's rounding error
 * is passed on to the taps right and below, as in dithering (Floyd and Steinberg, 1976), and what
 * remains of a filter's sum is spread over the weights that follow. GPTQ (Frantar et al., 2022) does
 * the same where inputs correlate as `CORRELATION ** distance` along each axis. At the same size the
 * error is a third of that of rounding to the nearest.
 *
 * @module
 */

import type { ScaledRows } from "../arch/folded_conv.ts";

/** Assumed correlation of neighbouring inputs. The best for the network that ships. */
const CORRELATION = 0.6;

/** The step of a network with a single tensor; gives the network that ships a cosine of 0.9992. */
const STEP = 0.35;

/**
 * The best step for a tensor, in root mean squares of each channel.
 *
 * A given step does about the same damage in every tensor of a network, and the damage grows with
 * its square, while each bit saved counts once for each weight: so the square is proportional to the
 * number of weights.
 *
 * @param weights Number of the tensor's weights.
 * @param all Number of all weights to quantise.
 */
export function stepFor(weights: number, all: number): number {
  return STEP * Math.sqrt(weights / all);
}

/**
 * Quantises a filter, or the weight of a linear layer.
 *
 * @param values Finite, in C order.
 * @param shape OIHW, or `[out, in]`.
 * @param step The quantisation step in root mean squares of a channel. It grows where 8 bits can't
 *   hold the channel's largest value.
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

/** One output channel, IHW, with `taps` weights for each input. */
function quantizeFilter(
  filter: Float32Array,
  quantized: Int8Array,
  scale: number,
  taps: number,
  height: number,
): void {
  const width = taps / height;
  /** A kernel in units of the scale, less the errors it must make up for. */
  const target = new Float64Array(taps);
  /** Sum of all errors so far. */
  let sum = 0;
  for (let from = 0; from < filter.length; from += taps) {
    const share = sum / (filter.length - from + 1);
    for (let t = 0; t < taps; t++) target[t] = filter[from + t] / scale - share;
    for (let t = 0; t < taps; t++) {
      // Added errors and quotients by a subnormal scale may exceed 127.
      const value = Math.max(-127, Math.min(127, Math.round(target[t])));
      quantized[from + t] = value;
      sum += value - filter[from + t] / scale;
      const passed = CORRELATION * (target[t] - value);
      const isLast = t % width === width - 1;
      if (!isLast) target[t + 1] += passed;
      if (t + width >= taps) continue;
      target[t + width] += passed;
      if (!isLast) target[t + width + 1] -= CORRELATION * passed;
    }
  }
}
