/**
 * Enlarges a map to the size of a picture, as PyTorch's `interpolate(map, (height, width),
 * mode="bilinear", align_corners=False)` does (1.13, `UpSample.h`): each value covers its share of
 * the picture and is exact at the centre of that share.
 *
 * @param values Row by row.
 * @param from Height and width of the map.
 * @param to Height and width of the result.
 */
export function enlarge(
  values: Float32Array,
  from: readonly [number, number],
  to: readonly [number, number],
): Float32Array {
  const rows = enlargingTaps(from[0], to[0]);
  const columns = enlargingTaps(from[1], to[1]);
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

/** The neighbours of each value along an axis that is enlarged. */
export function enlargingTaps(from: number, to: number): Tap[] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.max(0, (i + 0.5) * from / to - 0.5);
    const first = Math.floor(at);
    return { first, second: Math.min(first + 1, from - 1), share: at - first };
  });
}

/** A value of weight 0 doesn't count, even if it is NaN. */
const mix = (first: number, second: number, { share }: Tap) =>
  share === 0 ? first : (1 - share) * first + share * second;
