import { expected, requireOneOf } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { chooseMaps, type MapChoice } from "./choose_maps.ts";
import { withColorBar } from "./color_bar.ts";
import {
  colorMap,
  type ColorMapName,
  colorOf,
  rangeOf,
  spanOf,
} from "./color_map.ts";
import { type GridLayoutOptions, layOutGrid } from "./grid_layout.ts";
import { drawText } from "./stroke_font.ts";

/** Which feature maps to draw, where, and in which colours. */
export interface FeatureMapGridOptions extends MapChoice, GridLayoutOptions {
  /**
   * Whether the colour map spans the values of each map on its own, or of all drawn maps together.
   * Default `"each"`; `"all"` for maps of one value, such as those of `avgpool`.
   */
  readonly scale?: "each" | "all";
  /** The colours; `"RdBu_r"` for values of both signs. Default `"viridis"`. */
  readonly colorMap?: ColorMapName;
  /**
   * Whether to draw the colour map as a bar on the right, with the values of its ends if all maps
   * share one scale. Default false.
   */
  readonly colorBar?: boolean;
}

/**
 * Draws feature maps side by side, row by row.
 *
 * The smallest value has the colour map's first colour, the largest the last; if they are equal,
 * all values have the first. With `"RdBu_r"`, zero is in the middle. NaN and infinities are grey and don't count for the range.
 *
 * @param maps The feature maps of one picture, `[H, W, C]`.
 * @throws {TypeError} If `data` and `shape` don't match.
 * @throws {RangeError} If an option is out of bounds.
 */
export async function drawFeatureMapGrid(
  maps: ShapedArray,
  options: FeatureMapGridOptions = {},
): Promise<RgbImage> {
  checkMaps(maps);
  const [rows, columns] = maps.shape;
  const { scale = rows * columns === 1 ? "all" : "each" } = options;
  const { labels, colorBar } = options;
  requireOneOf("scale", scale, ["each", "all"]);
  const channels = chooseMaps(maps, options);
  const layout = layOutGrid(maps.shape, channels, options);
  const { colorMap: name = "viridis" } = options;
  const colors = await colorMap(name);
  const values = channels.map((channel) => valuesOf(maps, channel));
  const ranges = values.map((map) => spanOf(rangeOf(map), name));
  const whole = rangeOf(ranges.flatMap(({ low, high }) => [low, high]));

  const { width, height, textHeight } = layout;
  const data = new Uint8Array(width * height * 3).fill(255);
  const image = { width, height, data };
  values.forEach((map, i) => {
    const { left, labelTop, top } = layout.place(i);
    const range = scale === "all" ? whole : ranges[i];
    drawMap(
      image,
      map,
      { left, top, scale: layout.scale, columns: maps.shape[1] },
      (value) => colorOf(value, range, colors),
    );
    if (labels) {
      const place = { left, top: labelTop, height: textHeight };
      drawText(image, `${channels[i]}`, place);
    }
  });
  if (!colorBar) return image;
  const { top } = layout.place(0);
  return withColorBar(image, colors, top, scale === "all" ? whole : undefined);
}

/** The values of one map, row by row. */
function valuesOf(
  { data, shape: [height, width, channels] }: ShapedArray,
  channel: number,
): Float32Array {
  const values = new Float32Array(height * width);
  for (let i = 0; i < values.length; i++) {
    values[i] = data[i * channels + channel];
  }
  return values;
}

/** The position of a map's first pixel, and the layout of its values from there. */
interface MapPlace {
  readonly left: number;
  readonly top: number;
  /** Side of a value's square. */
  readonly scale: number;
  /** Values in a row. */
  readonly columns: number;
}

/** Draws a map, each value as a square of `scale` pixels. */
function drawMap(
  { data, width }: RgbImage,
  values: Float32Array,
  { left, top, scale, columns }: MapPlace,
  color: (value: number) => Uint8Array,
): void {
  for (let from = 0, y = top; from < values.length; y += scale) {
    const lineStart = 3 * (y * width + left);
    let at = lineStart;
    for (const end = from + columns; from < end; from++) {
      const [red, green, blue] = color(values[from]);
      for (let i = 0; i < scale; i++) {
        data[at++] = red;
        data[at++] = green;
        data[at++] = blue;
      }
    }
    for (let i = 1; i < scale; i++) {
      data.copyWithin(lineStart + 3 * i * width, lineStart, at);
    }
  }
}

function checkMaps({ data, shape }: ShapedArray): void {
  if (shape.length !== 3 || !shape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new TypeError(expected("maps", "shape [H, W, C]", shape));
  }
  const length = shape.reduce((a, b) => a * b);
  if (data.length !== length) {
    const what = `${length} values for shape [${shape.join(", ")}]`;
    throw new TypeError(expected("maps", what, data.length));
  }
}
