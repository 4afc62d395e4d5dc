/**
 * Channels that can't be had from a folded filter.
 *
 * @module
 */

import type { OwnConv } from "./conv.ts";
import { DirectConv } from "./direct.ts";

/** Those channels alone, as a convolution with their unfolded filters. */
export function unfoldedChannels(
  { runtime, module, unfolded }: OwnConv,
): DirectConv {
  const { groups, inChannels, outChannels, kernelSize } = module;
  const ins = inChannels / groups, taps = kernelSize ** 2;
  // A filter over all input channels, zero where they are another group's.
  const filter = new Float32Array(unfolded.size * inChannels * taps);
  [...unfolded].forEach(([channel, values], i) => {
    const group = Math.floor(channel / (outChannels / groups));
    filter.set(values, (i * inChannels + group * ins) * taps);
  });
  const shape = { ...module, groups: 1, outChannels: unfolded.size };
  return new DirectConv(runtime, shape, filter, "float32", "own");
}
