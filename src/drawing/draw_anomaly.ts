import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Box } from "../image/resize.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { withColorBar } from "./color_bar.ts";
import {
  colorMap,
  type ColorMapName,
  colorOf,
  rangeOf,
  type ValueRange,
} from "./color_map.ts";
import type { Tap } from "./enlarge.ts";

/** How to draw an anomaly map. */
export interface AnomalyDrawing {
  /** Where the map is larger, an outline is drawn; it is the middle of the colours. */
  readonly threshold?: number;
  /** The map's colours. Default `"inferno"`. */
  readonly colorMap?: ColorMapName;
  /** The weight of the largest value's colour, 0..1. Default 0.6. */
  readonly alpha?: number;
}

/** Pixels of a picture for each pixel of an outline's width. */
const outlineShare = 300;

/**
 * Lays an anomaly map over its picture, at the picture's own size: the stranger a place, the more of
 * its colour. An outline surrounds what is above the threshold; a colour bar is at the right.
 *
 * The colours go from half the threshold to one and a half times it; without one, over the map's own
 * values.
 *
 * @param map `[h, w]`.
 * @param box What the map covers, in the picture's pixels.
 */
export async function drawAnomaly(
  picture: RgbImage,
  map: ShapedArray,
  box: Box,
  options: AnomalyDrawing = {},
): Promise<RgbImage> {
  const { threshold, colorMap: name = "inferno", alpha = 0.6 } = options;
  const colors = await colorMap(name);
  const { width, height } = picture;
  const values = spread(map, box, picture);
  const range = threshold === undefined
    ? rangeOf(map.data)
    : { low: 0.5 * threshold, high: 1.5 * threshold };
  const data = mixed(picture, values, range, colors, alpha);
  if (threshold !== undefined) {
    const step = Math.ceil(Math.min(width, height) / outlineShare);
    outline({ width, height, data }, values, threshold, step);
  }
  return withColorBar({ width, height, data }, colors, 0, range);
}

/** The map's value at each pixel, NaN beyond it; between its values linear. */
function spread(
  { data, shape: [mapHeight, mapWidth] }: ShapedArray,
  box: Box,
  { width, height }: RgbImage,
): Float32Array {
  const columns = taps(width, box.left, box.width, mapWidth);
  const rows = taps(height, box.top, box.height, mapHeight);
  const values = new Float32Array(width * height).fill(NaN);
  rows.forEach((row, y) => {
    if (!row) return;
    const upper = row.first * mapWidth, lower = row.second * mapWidth;
    columns.forEach((column, x) => {
      if (!column) return;
      const { first, second, share } = column;
      const above = data[upper + first] * (1 - share) +
        data[upper + second] * share;
      const below = data[lower + first] * (1 - share) +
        data[lower + second] * share;
      values[y * width + x] = above * (1 - row.share) + below * row.share;
    });
  });
  return values;
}

/** The map's values for each pixel along an axis; undefined beyond the map. */
function taps(
  pixels: number,
  start: number,
  length: number,
  count: number,
): (Tap | undefined)[] {
  return Array.from({ length: pixels }, (_, i) => {
    const place = (i + 0.5 - start) / length;
    if (place < 0 || place > 1) return undefined;
    const at = Math.min(Math.max(place * count - 0.5, 0), count - 1);
    const first = Math.floor(at);
    return { first, second: Math.min(first + 1, count - 1), share: at - first };
  });
}

function mixed(
  { data }: RgbImage,
  values: Float32Array,
  range: ValueRange,
  colors: Uint8Array,
  alpha: number,
): Uint8Array<ArrayBuffer> {
  const result = Uint8Array.from(data);
  const { low, high } = range;
  values.forEach((value, i) => {
    if (!(value > low)) return;
    const color = colorOf(value, range, colors);
    const weight = alpha * Math.min(1, (value - low) / (high - low));
    for (let at = 3 * i, c = 0; c < 3; c++, at++) {
      result[at] += Math.round(weight * (color[c] - result[at]));
    }
  });
  return result;
}

/** Whitens the pixels above the threshold that are near to one that isn't. */
function outline(
  { width, height, data }: RgbImage,
  values: Float32Array,
  threshold: number,
  step: number,
): void {
  const isIn = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height &&
    values[y * width + x] > threshold;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isIn(x, y)) continue;
      const isInside = isIn(x - step, y) && isIn(x + step, y) &&
        isIn(x, y - step) && isIn(x, y + step);
      if (!isInside) {
        data.fill(255, 3 * (y * width + x), 3 * (y * width + x) + 3);
      }
    }
  }
}
