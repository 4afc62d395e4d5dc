/**
 * A plain convolution in float64, and random numbers.
 *
 * @module
 */

import type { Conv2d } from "../../src/arch/module.ts";

/** The shape of a batch of images, NHWC. */
export type Shape4D = [number, number, number, number];

/** Numbers in -1..1, the same for the same seed. */
export function randoms(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 31 - 1;
  };
}

/** An array of such numbers. */
export function floats(count: number, random: () => number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = random();
  return values;
}

/** The shape of a convolution's output. */
export function outputShape(
  [images, height, width]: readonly number[],
  { outChannels, kernelSize, stride, padding, dilation }: Conv2d,
): Shape4D {
  const side = (size: number) =>
    Math.floor(
      (size + 2 * padding - dilation * (kernelSize - 1) - 1) / stride,
    ) + 1;
  return [images, side(height), side(width), outChannels];
}

/** `torch.nn.functional.conv2d` on NHWC, filter OIHW, with bias. */
export function referenceConv(
  x: Float32Array,
  [images, height, width]: readonly number[],
  filter: Float32Array,
  bias: Float32Array,
  conv: Conv2d,
): Float64Array {
  const { inChannels, groups, kernelSize, stride, padding, dilation } = conv;
  const shape = outputShape([images, height, width], conv);
  const [, outHeight, outWidth, outChannels] = shape;
  const ins = inChannels / groups, outs = outChannels / groups;
  const values = new Float64Array(shape.reduce((a, b) => a * b));
  let to = 0;
  for (let n = 0; n < images; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let o = 0; o < outChannels; o++) {
          const firstIn = Math.floor(o / outs) * ins;
          let sum = bias[o];
          for (let ky = 0; ky < kernelSize; ky++) {
            const y = oy * stride - padding + ky * dilation;
            if (y < 0 || y >= height) continue;
            for (let kx = 0; kx < kernelSize; kx++) {
              const column = ox * stride - padding + kx * dilation;
              if (column < 0 || column >= width) continue;
              const pixel = ((n * height + y) * width + column) * inChannels +
                firstIn;
              const tap = (o * ins * kernelSize + ky) * kernelSize + kx;
              for (let i = 0; i < ins; i++) {
                sum += x[pixel + i] * filter[tap + i * kernelSize ** 2];
              }
            }
          }
          values[to++] = sum;
        }
      }
    }
  }
  return values;
}
