import type { RgbImage } from "../image/rgb_image.ts";
import { colorMap, type ColorMapName, colorOf, rangeOf } from "./color_map.ts";
import { enlarge } from "./enlarge.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";

/** How a map is laid over a picture. */
export interface OverlayOptions {
  /** Default `"inferno"`. */
  readonly colorMap?: ColorMapName;
  /** How much of the map's colours there is in the result, 0..1. Default 0.5. */
  readonly alpha?: number;
}

/**
 * Lays a map over a picture: enlarged to the picture's size, coloured from its least value to its
 * greatest, and mixed with the pixels. Values that are not finite are grey.
 *
 * @param map `[h, w]`, which stands for the whole picture.
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
    throw new RangeError(
      `cannot overlay a map: alpha is ${alpha}, numbers from 0 to 1 are allowed`,
    );
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
