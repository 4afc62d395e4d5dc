/**
 * Panels: eight output channels of a filter, side by side, as the kernels read them.
 *
 * @module
 */

/** Output channels of a panel. */
export const panelChannels = 8;

/** The shape of a filter, OIHW, in groups. */
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
export function fromPanels(
  values: Float32Array,
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
        filter[to++] = values[first + (tap * ins + i) * panelChannels];
      }
    }
  }
  return filter;
}

/** One number for each output channel, each group padded to whole panels. */
export function biasPanels(
  bias: Float32Array,
  shape: FilterShape,
): Float32Array {
  const { groups, outs } = shape;
  const padded = panelsOf(shape) * panelChannels;
  const panels = new Float32Array(groups * padded);
  for (let group = 0; group < groups; group++) {
    panels.set(
      bias.subarray(group * outs, (group + 1) * outs),
      group * padded,
    );
  }
  return panels;
}
