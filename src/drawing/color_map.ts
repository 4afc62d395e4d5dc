import { requireOneOf } from "../errors/expected.ts";

/**
 * A colour map of matplotlib's. All but one are perceptually uniform: equal steps look equal, in grey
 * too. `"RdBu_r"` is for values of both signs: zero is white in the middle, negative values are blue,
 * positive ones red.
 */
export type ColorMapName = "viridis" | "inferno" | "magma" | "gray" | "RdBu_r";

/** All colour maps. */
export const colorMapNames = [
  "viridis",
  "inferno",
  "magma",
  "gray",
  "RdBu_r",
] as const satisfies readonly ColorMapName[];

/** The colour of NaN and infinities. */
const GREY = new Uint8Array([128, 128, 128]);

/** The values of a colour map's ends. */
export interface ValueRange {
  /** Of the first colour. */
  readonly low: number;
  /** Of the last colour. */
  readonly high: number;
}

/**
 * 256 colours from the lowest value to the highest: R, G, B of each, 0..255.
 *
 * They are matplotlib's; all but `"gray"` come from d3-scale-chromatic, loaded on demand.
 *
 * @throws {RangeError} If the name is unknown.
 */
export async function colorMap(
  name: ColorMapName,
): Promise<Uint8Array<ArrayBuffer>> {
  requireOneOf("colorMap", name, colorMapNames);
  const table = new Uint8Array(256 * 3);
  if (name === "gray") {
    return table.map((_, i) => Math.floor(i / 3));
  }
  const d3 = await import("d3-scale-chromatic");
  const colorAt = {
    viridis: (share: number) => rgbOf(d3.interpolateViridis(share)),
    inferno: (share: number) => rgbOf(d3.interpolateInferno(share)),
    magma: (share: number) => rgbOf(d3.interpolateMagma(share)),
    RdBu_r: (share: number) => between(d3.schemeRdBu[11], 1 - share),
  }[name];
  for (let i = 0; i < 256; i++) table.set(colorAt(i / 255), 3 * i);
  return table;
}

/** R, G and B of `#rrggbb`. */
function rgbOf(color: string): number[] {
  const hex = parseInt(color.slice(1), 16);
  return [hex >> 16, hex >> 8 & 255, hex & 255];
}

/** A colour between two neighbours of a list, as matplotlib mixes them. */
function between(list: readonly string[], share: number): number[] {
  const at = share * (list.length - 1);
  const first = Math.min(Math.floor(at), list.length - 2);
  const next = rgbOf(list[first + 1]);
  return rgbOf(list[first]).map((c, i) => c + (at - first) * (next[i] - c));
}

/** Where a value is in a range: 0 at `low` and below, 1 from `high` on; 0 if they are equal. */
export const shareOf = (value: number, { low, high }: ValueRange): number =>
  low === high ? 0 : Math.min(Math.max(0, (value - low) / (high - low)), 1);

/**
 * R, G and B of a value: `low` has the first colour, `high` the last; if they are equal, all values
 * have the first. NaN and infinities are grey.
 */
export function colorOf(
  value: number,
  range: ValueRange,
  colors: Uint8Array,
): Uint8Array {
  if (!Number.isFinite(value)) return GREY;
  const index = Math.min(255, Math.floor(shareOf(value, range) * 256));
  return colors.subarray(3 * index, 3 * index + 3);
}

/** The range that a colour map shows: with `"RdBu_r"`, zero is in its middle. */
export function spanOf(range: ValueRange, name: ColorMapName): ValueRange {
  if (name !== "RdBu_r" || range.low > range.high) return range;
  const most = Math.max(-range.low, range.high) || 1;
  return { low: -most, high: most };
}

/** The colour map for maps that have none: values of both signs get one that shows zero. */
export function suitedMap({ low, high }: ValueRange): ColorMapName {
  // A cosine's rounding error isn't a sign.
  return low < -0.01 * Math.abs(high) ? "RdBu_r" : "inferno";
}

/** The smallest and the largest finite number; `Infinity` and `-Infinity` if there are none. */
export function rangeOf(values: Iterable<number>): ValueRange {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}
