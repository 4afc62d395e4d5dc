/**
 * Weights in the orders in which the kernels read them, and back.
 *
 * @module
 */

/** Output channels of a panel. */
export const panelChannels = 8;

/** A filter, OIHW, whose output channels come in groups. */
export interface FilterShape {
  readonly groups: number;
  /** Output channels of a group. */
  readonly outs: number;
  /** Input channels of a group. */
  readonly ins: number;
  /** Height times width. */
  readonly taps: number;
}

/** Panels of a group. */
export const panelsOf = ({ outs }: FilterShape): number =>
  Math.ceil(outs / panelChannels);

/** `[group][panel][tap][input channel][8]` to OIHW; a group's last panel may have fewer channels. */
export function unpackFilter(
  packed: Float32Array,
  shape: FilterShape,
): Float32Array {
  const { groups, outs, ins, taps } = shape;
  const panels = panelsOf(shape), panelSize = taps * ins * panelChannels;
  const filter = new Float32Array(groups * outs * ins * taps);
  let to = 0;
  for (let channel = 0; channel < groups * outs; channel++) {
    const out = channel % outs;
    const panel = Math.floor(channel / outs) * panels +
      Math.floor(out / panelChannels);
    const first = panel * panelSize + out % panelChannels;
    for (let i = 0; i < ins; i++) {
      for (let tap = 0; tap < taps; tap++) {
        filter[to++] = packed[first + (tap * ins + i) * panelChannels];
      }
    }
  }
  return filter;
}

/** One number for each output channel, each group's filled up to whole panels. */
export function packBias(bias: Float32Array, shape: FilterShape): Float32Array {
  const { groups, outs } = shape;
  const padded = panelsOf(shape) * panelChannels;
  const packed = new Float32Array(groups * padded);
  for (let group = 0; group < groups; group++) {
    packed.set(
      bias.subarray(group * outs, (group + 1) * outs),
      group * padded,
    );
  }
  return packed;
}
