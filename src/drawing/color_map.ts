import { requireOneOf } from "../errors/expected.ts";

/** A perceptually uniform colour map: equal steps look equal. */
export type ColorMapName = "viridis" | "inferno" | "magma" | "gray";

const names: readonly ColorMapName[] = ["viridis", "inferno", "magma", "gray"];

/** The colour of NaN and infinities. */
const GREY = new Uint8Array([128, 128, 128]);

/** The values of a colour map's ends. */
export interface ValueRange {
  readonly low: number;
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
  requireOneOf("colorMap", name, names);
  const table = new Uint8Array(256 * 3);
  if (name === "gray") {
    return table.map((_, i) => Math.floor(i / 3));
  }
  const d3 = await import("d3-scale-chromatic");
  const colorAt = {
    viridis: d3.interpolateViridis,
    inferno: d3.interpolateInferno,
    magma: d3.interpolateMagma,
  }[name];
  for (let i = 0; i < 256; i++) {
    const hex = parseInt(colorAt(i / 255).slice(1), 16);
    table.set([hex >> 16, hex >> 8 & 255, hex & 255], i * 3);
  }
  return table;
}

/**
 * R, G and B of a value: `low` has the first colour, `high` the last; if they are equal, all values
 * have the first. NaN and infinities are grey.
 */
export function colorOf(
  value: number,
  { low, high }: ValueRange,
  colors: Uint8Array,
): Uint8Array {
  if (!Number.isFinite(value)) return GREY;
  const share = low === high ? 0 : (value - low) / (high - low);
  const index = Math.min(255, Math.floor(share * 256));
  return colors.subarray(3 * index, 3 * index + 3);
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
