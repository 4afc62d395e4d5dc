import { asIs, expected, requireInteger } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** Which feature maps to draw. Set one of these; the default is all maps. */
export interface MapChoice {
  /** How many maps, from the first. */
  readonly maps?: number;
  /** How many maps, those with the largest mean, the strongest first. */
  readonly strongest?: number;
  /** The channels to draw, counted from 0, in this order. */
  readonly channels?: readonly number[];
}

/**
 * The channels of the chosen maps, in the order to draw them.
 *
 * A map's mean leaves out values that are not finite; equally strong maps keep their order.
 *
 * @param maps `[H, W, C]`.
 * @throws {RangeError} If more than one choice is made, or it is out of bounds.
 */
export function chooseMaps(maps: ShapedArray, choice: MapChoice): number[] {
  const made = (["maps", "strongest", "channels"] as const)
    .filter((name) => choice[name] !== undefined);
  if (made.length > 1) {
    throw new RangeError(expected(
      "",
      "one of maps, strongest and channels",
      asIs(made.join(" and ")),
    ));
  }
  const count = maps.shape[2];
  const { channels, strongest } = choice;
  if (channels) {
    if (channels.length === 0) {
      throw new RangeError(expected("channels", "at least one", channels));
    }
    return channels.map((c) => requireInteger("channel", c, 0, count - 1));
  }
  const all = Array.from({ length: count }, (_, channel) => channel);
  if (strongest === undefined) {
    return all.slice(0, requireInteger("maps", choice.maps ?? count, 1, count));
  }
  const means = meansOf(maps);
  return all.sort((a, b) => means[b] - means[a])
    .slice(0, requireInteger("strongest", strongest, 1, count));
}

/** The mean of each map's finite values; a map without any comes last. */
function meansOf({ data, shape: [height, width, channels] }: ShapedArray) {
  const sums = new Float64Array(channels);
  const counts = new Int32Array(channels);
  for (let at = 0; at < height * width * channels; at++) {
    if (!Number.isFinite(data[at])) continue;
    sums[at % channels] += data[at];
    counts[at % channels]++;
  }
  return sums.map((sum, c) => counts[c] ? sum / counts[c] : -Number.MAX_VALUE);
}
