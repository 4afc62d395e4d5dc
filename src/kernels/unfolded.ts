import type { OwnConv } from "./conv.ts";
import { DirectConv } from "./direct.ts";

/**
 * The channels that the folded filter can't give, such as those whose scale is zero: a convolution
 * with their unfolded filters.
 */
export function unfoldedChannels(
  { device, module, unfolded }: OwnConv,
): DirectConv {
  const { groups, inChannels, outChannels, kernelSize } = module;
  const ins = inChannels / groups, taps = kernelSize ** 2;
  // A filter over all input channels, zero for those of other groups.
  const filter = new Float32Array(unfolded.size * inChannels * taps);
  [...unfolded].forEach(([channel, values], i) => {
    const group = Math.floor(channel / (outChannels / groups));
    filter.set(values, (i * inChannels + group * ins) * taps);
  });
  const shape = { ...module, groups: 1, outChannels: unfolded.size };
  return new DirectConv(device, shape, filter, "float32", "uncounted");
}
