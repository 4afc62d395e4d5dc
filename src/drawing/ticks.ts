/**
 * Round numbers beside a scale.
 *
 * @module
 */

/** A number on a scale. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

/**
 * Multiples of 1, 2 or 5 times a power of ten within a range.
 *
 * @param most How many, at least 2. There may be fewer, and none in a tiny range.
 */
export function ticks(low: number, high: number, most: number): Tick[] {
  if (!(high > low)) {
    return [{ value: low, label: `${Number(low.toPrecision(3))}` }];
  }
  const span = high - low;
  const power = 10 ** Math.floor(Math.log10(span / most));
  for (const factor of [1, 2, 5, 10, 20, 50]) {
    const step = factor * power;
    // A hair beyond the ends: their last digits are rounded.
    const first = Math.ceil(low / step - 1e-6);
    const count = Math.floor(high / step + 1e-6) - first + 1;
    if (count > most) continue;
    return Array.from({ length: count }, (_, i) => {
      const value = (first + i) * step;
      return { value, label: labelOf(value, step, Math.max(-low, high)) };
    });
  }
  return [];
}

/** A number with the digits that a step needs, like all others up to the greatest. */
function labelOf(value: number, step: number, greatest: number): string {
  if (value === 0) return "0";
  const power = Math.floor(Math.log10(step) + 1e-9);
  if (greatest < 1e5 && power >= -4) return value.toFixed(Math.max(0, -power));
  return Number(value.toPrecision(9)).toExponential().replace("+", "");
}
