import type { Box } from "../image/resize.ts";

/**
 * Enlarges a map to the size of a picture, as PyTorch's `interpolate(map, (height, width),
 * mode="bilinear", align_corners=False)` does (1.13, `UpSample.h`): each value covers its share of
 * the picture and is exact at the centre of that share.
 *
 * @param values Row by row.
 * @param from Height and width of the map.
 * @param to Height and width of the result.
 * @param area The part of the result that the map covers; outside, its edges go on.
 */
export function enlarge(
  values: Float32Array,
  from: readonly [number, number],
  to: readonly [number, number],
  area: Box = { left: 0, top: 0, width: to[1], height: to[0] },
): Float32Array {
  const { left, top, width, height } = area;
  const rows = enlargingTaps(from[0], to[0], top, height);
  const columns = enlargingTaps(from[1], to[1], left, width);
  const enlarged = new Float32Array(to[0] * to[1]);
  let at = 0;
  for (const y of rows) {
    const [upper, lower] = [y.first * from[1], y.second * from[1]];
    for (const x of columns) {
      const above = mix(values[upper + x.first], values[upper + x.second], x);
      const below = mix(values[lower + x.first], values[lower + x.second], x);
      enlarged[at++] = mix(above, below, y);
    }
  }
  return enlarged;
}

/** Two neighbours, and the second one's weight in the value between them. */
export interface Tap {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/**
 * The neighbours of each value along an axis that is enlarged.
 *
 * @param start Where the first of the `from` values begins among the `to`.
 * @param length How many of these the values cover.
 */
export function enlargingTaps(
  from: number,
  to: number,
  start = 0,
  length = to,
): Tap[] {
  return Array.from({ length: to }, (_, i) => {
    const wanted = (i - start + 0.5) * from / length - 0.5;
    const at = Math.min(Math.max(0, wanted), from - 1);
    const first = Math.floor(at);
    return { first, second: Math.min(first + 1, from - 1), share: at - first };
  });
}

/** A value of weight 0 doesn't count, even if it is NaN. */
const mix = (first: number, second: number, { share }: Tap) =>
  share === 0 ? first : (1 - share) * first + share * second;
