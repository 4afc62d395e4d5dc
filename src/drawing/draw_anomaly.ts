import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Box } from "../image/resize.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { withColorBar } from "./color_bar.ts";
import { colorMap, type ColorMapName, rangeOf } from "./color_map.ts";
import { drawOverlay } from "./draw_overlay.ts";
import { enlarge } from "./enlarge.ts";
import { edgesOf } from "./paper.ts";

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
 * its colour; what the map doesn't cover is paler. An outline surrounds what is above the threshold; a
 * colour bar is at the right.
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
  const range = threshold === undefined
    ? rangeOf(map.data)
    : { low: 0.5 * threshold, high: 1.5 * threshold };
  const image = await drawOverlay(picture, map, {
    ...{ area: box, range, colorMap: name, alpha, fade: true },
  });
  if (threshold !== undefined) outline(image, map, box, threshold);
  return withColorBar(image, await colorMap(name), 0, range);
}

/** Whitens the pixels above the threshold that are near to one that isn't. */
function outline(
  { width, height, data }: RgbImage,
  map: ShapedArray,
  box: Box,
  threshold: number,
): void {
  const step = Math.ceil(Math.min(width, height) / outlineShare);
  const [rows, columns] = map.shape;
  const values = enlarge(map.data, [rows, columns], [height, width], box);
  const { left, top, right, bottom } = edgesOf(box, { width, height });
  const isIn = (x: number, y: number) =>
    x >= left && y >= top && x < right && y < bottom &&
    values[y * width + x] > threshold;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (!isIn(x, y)) continue;
      const isInside = isIn(x - step, y) && isIn(x + step, y) &&
        isIn(x, y - step) && isIn(x, y + step);
      if (!isInside) {
        data.fill(255, 3 * (y * width + x), 3 * (y * width + x) + 3);
      }
    }
  }
}
