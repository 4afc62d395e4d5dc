import { quoted } from "../errors/nearest.ts";

/** A colour map in which equal steps look equal. */
export type ColorMapName = "viridis" | "inferno" | "magma" | "gray";

const names: readonly ColorMapName[] = ["viridis", "inferno", "magma", "gray"];

/** The colour of what is no number. */
const GREY = new Uint8Array([128, 128, 128]);

/** The least and the greatest value that a colour map is spread over. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/**
 * 256 colours from the lowest value to the highest: R, G, B of each, 0..255.
 *
 * They are matplotlib's; all but `"gray"` come from d3-scale-chromatic, which is loaded on demand.
 *
 * @throws {RangeError} If there is no colour map of that name.
 */
export async function colorMap(
  name: ColorMapName,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!names.includes(name)) {
    throw new RangeError(
      `no colour map ${JSON.stringify(name)}: ${quoted(names)} are allowed`,
    );
  }
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
 * R, G and B of a value: `low` has the first colour, `high` the last; if they are equal, all have
 * the first. What is not finite is grey.
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

/** The least and the greatest finite number; without any, `Infinity` and `-Infinity`. */
export function rangeOf(values: Iterable<number>): ValueRange {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}
