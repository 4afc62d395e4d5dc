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

/** Floats of a packed filter; a group's last panel is filled up with zeros. */
export const packedSize = (shape: FilterShape): number =>
  shape.groups * panelsOf(shape) * shape.taps * shape.ins * panelChannels;

/** Calls back for each output channel with its index and the place of its first packed weight. */
function eachChannel(
  shape: FilterShape,
  visit: (channel: number, first: number) => void,
): void {
  const { groups, outs, ins, taps } = shape;
  const panels = panelsOf(shape), panelSize = taps * ins * panelChannels;
  for (let group = 0; group < groups; group++) {
    for (let out = 0; out < outs; out++) {
      const panel = group * panels + Math.floor(out / panelChannels);
      visit(group * outs + out, panel * panelSize + out % panelChannels);
    }
  }
}

/** OIHW to `[group][panel][tap][input channel][8]`. */
export function packFilter(
  filter: Float32Array,
  shape: FilterShape,
  packed: Float32Array,
): void {
  const { ins, taps } = shape;
  packed.fill(0);
  eachChannel(shape, (channel, first) => {
    let from = channel * ins * taps;
    for (let i = 0; i < ins; i++) {
      for (let tap = 0; tap < taps; tap++) {
        packed[first + (tap * ins + i) * panelChannels] = filter[from++];
      }
    }
  });
}

/** The same, back. */
export function unpackFilter(
  packed: Float32Array,
  shape: FilterShape,
): Float32Array {
  const { groups, outs, ins, taps } = shape;
  const filter = new Float32Array(groups * outs * ins * taps);
  eachChannel(shape, (channel, first) => {
    let to = channel * ins * taps;
    for (let i = 0; i < ins; i++) {
      for (let tap = 0; tap < taps; tap++) {
        filter[to++] = packed[first + (tap * ins + i) * panelChannels];
      }
    }
  });
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
