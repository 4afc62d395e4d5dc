/// <reference lib="dom" />
/**
 * Maps values to colours.
 *
 * @module
 */

import { interpolateInferno, interpolateViridis } from "d3-scale-chromatic";
import type { ValueRange } from "../../src/drawing/color_map.ts";

/** 256 colours in a canvas's byte order. */
type Ramp = Uint32Array;

function ramp(colorAt: (share: number) => string): Ramp {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const rgb = parseInt(colorAt(i / 255).slice(1), 16);
    const [red, green, blue] = [rgb >> 16, rgb >> 8 & 255, rgb & 255];
    return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
  });
}

/** Colours of maps in the grid. */
export const viridis: Ramp = ramp(interpolateViridis);
/** Colours of a map over the picture. */
export const inferno: Ramp = ramp(interpolateInferno);

/** Draws a map with one pixel per value; values that aren't finite are transparent. */
export function paint(
  values: Float32Array,
  width: number,
  { low, high }: ValueRange,
  colors: Ramp,
): ImageData {
  const image = new ImageData(width, values.length / width);
  const pixels = new Uint32Array(image.data.buffer);
  const factor = high > low ? 255.999 / (high - low) : 0;
  for (let i = 0; i < pixels.length; i++) {
    if (Number.isFinite(values[i])) {
      const index = Math.floor((values[i] - low) * factor);
      pixels[i] = colors[Math.max(0, Math.min(255, index))];
    }
  }
  return image;
}
