import { expected } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { colorMap, type ColorMapName, colorOf, rangeOf } from "./color_map.ts";
import { enlarge } from "./enlarge.ts";

/** How to lay a map over a picture. */
export interface OverlayOptions {
  /** The map's colours. Default `"inferno"`. */
  readonly colorMap?: ColorMapName;
  /** The weight of the map's colours in the result, 0..1. Default 0.5. */
  readonly alpha?: number;
}

/**
 * Lays a map over a picture: enlarges it to the picture's size, colours it from its smallest value
 * to its largest, and mixes it with the pixels. NaN and infinities are grey.
 *
 * @param map `[h, w]`, which covers the whole picture.
 * @returns A new picture of the same size.
 * @throws {RangeError} If an option is out of bounds.
 */
export async function drawOverlay(
  picture: RgbImage,
  { data, shape: [mapHeight, mapWidth] }: ShapedArray,
  options: OverlayOptions = {},
): Promise<RgbImage> {
  const { alpha = 0.5, colorMap: name = "inferno" } = options;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(expected("alpha", "a number from 0 to 1", alpha));
  }
  const colors = await colorMap(name);
  const { width, height } = picture;
  const values = enlarge(data, [mapHeight, mapWidth], [height, width]);
  const range = rangeOf(data);
  const mixed = Uint8Array.from(picture.data);
  values.forEach((value, i) => {
    const color = colorOf(value, range, colors);
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * i + channel;
      mixed[at] += Math.round(alpha * (color[channel] - mixed[at]));
    }
  });
  return { width, height, data: mixed };
}
