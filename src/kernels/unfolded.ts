/**
 * Channels that can't be had from a folded filter.
 *
 * @module
 */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import { OwnConv } from "./conv.ts";

/**
 * Convolves a few channels anew, with their unfolded filters, and writes them into a tensor of
 * this convolution's output. Seldom needed, so not fast.
 */
export function recompute(conv: OwnConv, x: Tensor4D, output: Tensor4D): void {
  const { runtime, module, unfolded } = conv, { heap } = runtime;
  const { groups, inChannels, outChannels, kernelSize } = module;
  const channels = [...unfolded.keys()], count = channels.length;
  const ins = inChannels / groups, taps = kernelSize ** 2;
  // A filter over all input channels, zero where they are another group's.
  const filter = new Float32Array(count * inChannels * taps);
  channels.forEach((channel, i) => {
    const group = Math.floor(channel / (outChannels / groups));
    const from = (i * inChannels + group * ins) * taps;
    filter.set(unfolded.get(channel)!, from);
  });
  const few = new OwnConv(
    runtime,
    { ...module, groups: 1, outChannels: count },
    "direct",
    {
      filter,
      bias: new Float32Array(count),
      scale: new Float32Array(count),
      unfolded: new Map(),
    },
  );
  const pixels = output.size / outChannels;
  const block = heap.allocate(4 * pixels * count);
  const [images, height, width] = x.shape;
  few.run({ images, height, width }, {
    x: heap.address(x),
    y: block.address,
    residual: 0,
    relu: false,
  });
  const { floats } = heap;
  const from = block.address / 4, to = heap.address(output) / 4;
  for (let pixel = 0; pixel < pixels; pixel++) {
    channels.forEach((channel, i) => {
      floats[to + pixel * outChannels + channel] =
        floats[from + pixel * count + i];
    });
  }
  block.free();
  few.dispose();
}
