import { checked } from "./checked.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** Which feature maps are drawn: one of these, or all. */
export interface MapChoice {
  /** So many, from the first on. */
  readonly maps?: number;
  /** So many with the greatest mean, the strongest first. */
  readonly strongest?: number;
  /** The maps of these channels, counted from 0, in this order. */
  readonly channels?: readonly number[];
}

/**
 * The channels of the chosen maps, in the order in which they are drawn.
 *
 * Values that are not finite do not count for a map's mean; of equally strong maps the first is
 * the first.
 *
 * @param maps `[H, W, C]`.
 * @throws {RangeError} If more than one choice is made, or one is out of bounds.
 */
export function chooseMaps(maps: ShapedArray, choice: MapChoice): number[] {
  const made = (["maps", "strongest", "channels"] as const)
    .filter((name) => choice[name] !== undefined);
  if (made.length > 1) {
    throw new RangeError(
      `cannot draw feature maps: got ${made.join(" and ")}, ` +
        "one of maps, strongest and channels is allowed",
    );
  }
  const count = maps.shape[2];
  const { channels, strongest } = choice;
  if (channels) {
    if (channels.length === 0) {
      throw new RangeError(
        "cannot draw feature maps: channels is empty, one or more are allowed",
      );
    }
    return channels.map((channel) => checked("channel", channel, 0, count - 1));
  }
  const all = Array.from({ length: count }, (_, channel) => channel);
  if (strongest === undefined) {
    return all.slice(0, checked("maps", choice.maps ?? count, 1, count));
  }
  const means = meansOf(maps);
  return all.sort((a, b) => means[b] - means[a])
    .slice(0, checked("strongest", strongest, 1, count));
}

/** The mean of each map's finite values; the least of all numbers where there are none. */
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
