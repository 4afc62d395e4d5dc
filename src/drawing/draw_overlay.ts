import { expected } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Box } from "../image/resize.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import {
  colorMap,
  type ColorMapName,
  colorOf,
  rangeOf,
  shareOf,
  spanOf,
  suitedMap,
  type ValueRange,
} from "./color_map.ts";
import { enlarge } from "./enlarge.ts";
import { edgesOf } from "./paper.ts";

/** The look of a map over a picture. */
export interface OverlayStyle {
  /**
   * The map's colours. Default `"inferno"`, and `"RdBu_r"` for maps with values below zero, down to a
   * hundredth of the largest and more.
   */
  readonly colorMap?: ColorMapName;
  /** The weight of the map's colours in the result, 0..1. Default 0.5, and 0.8 with `fade`. */
  readonly alpha?: number;
  /**
   * Whether a value's weight is its share of the range, so that the picture is seen where the map is
   * low; with `"RdBu_r"`, where it is near zero. Default: with `"RdBu_r"`, whose middle is white.
   */
  readonly fade?: boolean;
}

/** Where a map lies, and the range of its colours. */
export interface OverlayPlace {
  /** The part of the picture that the map covers; the rest becomes paler. Default: all of it. */
  readonly area?: Box;
  /** Values of the first and the last colour. Default: the map's least and greatest. */
  readonly range?: ValueRange;
}

const WHITE = new Uint8Array([255, 255, 255]);
/** How much white is mixed into what the map doesn't cover. */
const PALER = 0.65;

/**
 * Lays a map over a picture: enlarges it to the picture's size, colours it from its smallest value
 * to its largest, and mixes it with the pixels. NaN and infinities are grey.
 *
 * @param map `[h, w]`.
 * @returns A new picture of the same size.
 * @throws {RangeError} If an option is out of bounds.
 */
export async function drawOverlay(
  picture: RgbImage,
  { data, shape: [mapHeight, mapWidth] }: ShapedArray,
  options: OverlayStyle & OverlayPlace = {},
): Promise<RgbImage> {
  const given = options.range ?? rangeOf(data);
  const name = options.colorMap ?? suitedMap(given);
  const { fade = name === "RdBu_r", alpha = fade ? 0.8 : 0.5 } = options;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(expected("alpha", "a number from 0 to 1", alpha));
  }
  const range = spanOf(given, name);
  const colors = await colorMap(name);
  const { width, height } = picture;
  const { area = { left: 0, top: 0, width, height } } = options;
  const from = [mapHeight, mapWidth] as const;
  const values = enlarge(data, from, [height, width], area);
  const { left, top, right, bottom } = edgesOf(area, picture);
  const mixed = Uint8Array.from(picture.data);
  const mix = (pixel: number, color: Uint8Array, weight: number) => {
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * pixel + channel;
      mixed[at] += Math.round(weight * (color[channel] - mixed[at]));
    }
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (y < top || y >= bottom || x < left || x >= right) {
        mix(i, WHITE, PALER);
        continue;
      }
      const value = values[i];
      const weight = fade && Number.isFinite(value)
        ? alpha * strength(shareOf(value, range), name)
        : alpha;
      mix(i, colorOf(value, range, colors), weight);
    }
  }
  return { width, height, data: mixed };
}

/** How far a colour is from the one that fades away. */
const strength = (share: number, name: ColorMapName): number =>
  name === "RdBu_r" ? Math.abs(2 * share - 1) : share;
