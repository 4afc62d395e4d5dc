/** A quantile, with linear interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)], above = sorted[Math.ceil(at)];
  return below + (above - below) * (at % 1);
}

/** The median. */
export const median = (values: readonly number[]): number =>
  quantile(values, 0.5);
