/**
 * Figures: pictures with maps over them, in rows and columns, with texts and colour bars.
 *
 * @module
 */

import { expected, requireOneOf } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import { bicubic, type Box, resize } from "../image/resize.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { drawScale, scaleWidth } from "./color_bar.ts";
import {
  colorMap,
  rangeOf,
  spanOf,
  suitedMap,
  type ValueRange,
} from "./color_map.ts";
import { drawOverlay, type OverlayStyle } from "./draw_overlay.ts";
import { figureSizes, layOutFigure } from "./figure_layout.ts";
import { type FigureWidth, widthInPixels } from "./figure_width.ts";
import { blank, type Edges, paste } from "./paper.ts";
import { drawText, fitText, textWidth } from "./stroke_font.ts";

/** The look of a figure. */
export interface FigureStyle extends OverlayStyle {
  /** Whether the picture itself comes first in each row. Default false. */
  readonly original?: boolean;
  /**
   * Which maps share one scale of colours: none, those of a row (a picture), those of a column, or
   * all. A figure with several maps says so at its lower edge. Default `"each"`.
   */
  readonly scale?: "each" | "row" | "column" | "all";
  /** Whether to draw colour bars, with numbers. Default: if there are several maps. */
  readonly colorBar?: boolean;
  /**
   * The figure's width in pixels, or in millimetres: `"85mm"`, `"174mm"`. Default: of one map, the
   * picture's own size; of several, 174 mm.
   */
  readonly width?: FigureWidth;
  /** Pixels per inch, which millimetres and points depend on. Default 300. */
  readonly dpi?: number;
  /** Size of the text in points. Default 7. */
  readonly fontSize?: number;
}

/** A picture with its maps. */
export interface FigureRow {
  readonly picture: RgbImage;
  /** The part of the picture that the maps cover. */
  readonly area?: Box;
  /** The text to the left. */
  readonly title?: string;
  /** A map for each column, `[h, w]`, with the text below it. */
  readonly maps: readonly {
    readonly map: ShapedArray;
    readonly caption?: string;
  }[];
}

const notes = {
  each: "Each map has its own colour scale.",
  row: "One colour scale for each row.",
  column: "One colour scale for each column.",
  all: "One colour scale for all maps.",
};

/**
 * Draws a figure.
 *
 * @param columns The text above each column; none if all are empty.
 * @throws {RangeError} If an option is out of bounds, or the figure is too narrow or too large.
 */
export async function drawFigure(
  columns: readonly string[],
  rows: readonly FigureRow[],
  options: FigureStyle = {},
): Promise<RgbImage> {
  const { original = false, scale = "each", dpi = 300 } = options;
  const { fontSize = 7 } = options;
  requireOneOf("scale", scale, ["each", "row", "column", "all"]);
  for (const [name, value] of Object.entries({ dpi, fontSize })) {
    if (value > 0 && value < 1e5) continue;
    throw new RangeError(expected(name, "a positive number", value));
  }
  const isSingle = columns.length * rows.length === 1;
  const { colorBar = !isSingle } = options;
  const { width = isSingle ? undefined : "174mm" } = options;
  const ranges = rangesOf(rows, scale);
  const name = options.colorMap ??
    (ranges.flat().some((range) => suitedMap(range) === "RdBu_r")
      ? "RdBu_r"
      : "inferno");
  const spans = ranges.map((row) => row.map((range) => spanOf(range, name)));

  const sizes = figureSizes(fontSize, dpi);
  const bars = colorBar ? placeOfBars(scale, rows, columns) : undefined;
  const shown = bars === "columns"
    ? spans[0]
    : bars === "rows"
    ? spans.map(([span]) => span)
    // Only maps that have a scale each, in several rows and columns, have no numbers in common.
    : [scale === "each" && !isSingle ? undefined : spans[0][0]];
  const plain = original ? 1 : 0;
  const layout = layOutFigure({
    pictures: rows.map(({ picture }) => picture),
    columns: plain + columns.length,
    plain,
    heads: columns.some((text) => text !== ""),
    titles: rows.some(({ title }) => title),
    captions: rows.map(({ maps }) => maps.some(({ caption }) => caption)),
    note: !isSingle,
    bars,
    numbers: bars === "rows" ? scaleWidth(shown, sizes) : 0,
    width: width === undefined ? width : widthInPixels(width, dpi),
    sizes,
  });

  const figure = blank(layout.width, layout.height);
  const { text, margin } = sizes;
  const centred = (words: string, { left, right }: Edges, top: number) => {
    const fitting = fitText(words, text, right - left + sizes.gap);
    const start = (left + right - textWidth(fitting, text)) / 2;
    const place = { left: Math.max(0, Math.round(start)), top, height: text };
    drawText(figure, fitting, place);
  };
  for (const [i, { picture, area, title, maps }] of rows.entries()) {
    const boxes = layout.panels[i];
    const { left, top, right, bottom } = boxes[0];
    const [width, height] = [right - left, bottom - top];
    const small = resized(picture, width, height);
    if (original) paste(small, figure, left, top);
    for (const [j, { map, caption = "" }] of maps.entries()) {
      const box = boxes[plain + j];
      const panel = await drawOverlay(small, map, {
        ...options,
        colorMap: name,
        range: ranges[i][j],
        area: area &&
          scaled(area, width / picture.width, height / picture.height),
      });
      paste(panel, figure, box.left, box.top);
      centred(caption, box, layout.captions[i]);
    }
    if (title) {
      const fitting = fitText(title, text, height + sizes.gap);
      const start = (top + bottom + textWidth(fitting, text)) / 2;
      const place = { left: margin, top: Math.round(start), height: text };
      drawText(figure, fitting, { ...place, upward: true });
    }
  }
  columns.forEach((words, i) =>
    centred(words, layout.panels[0][plain + i], margin)
  );
  const colors = await colorMap(name);
  layout.bars.forEach((bar, i) =>
    drawScale(figure, bar, colors, shown[i], sizes)
  );
  if (!isSingle) {
    const { left, top } = layout.note;
    const note = fitText(notes[scale], text, layout.width - left);
    drawText(figure, note, { left, top, height: text });
  }
  return figure;
}

/** The range that each map's colours span. */
function rangesOf(
  rows: readonly FigureRow[],
  scale: NonNullable<FigureStyle["scale"]>,
): ValueRange[][] {
  const own = rows.map(({ maps }) => maps.map(({ map }) => rangeOf(map.data)));
  const together = (ranges: ValueRange[]) =>
    rangeOf(ranges.flatMap(({ low, high }) => [low, high]));
  return own.map((row, i) =>
    row.map((range, j) => {
      if (scale === "each") return range;
      if (scale === "row") return together(own[i]);
      if (scale === "column") return together(own.map((row) => row[j]));
      return together(own.flat());
    })
  );
}

/** Bars are where they belong to all maps beside them. */
function placeOfBars(
  scale: NonNullable<FigureStyle["scale"]>,
  rows: readonly FigureRow[],
  columns: readonly string[],
): "columns" | "rows" | "all" {
  if (scale === "row") return "rows";
  if (scale === "column") return "columns";
  if (scale === "all") return "all";
  if (rows.length === 1) return "columns";
  return columns.length === 1 ? "rows" : "all";
}

function resized(picture: RgbImage, width: number, height: number): RgbImage {
  return picture.width === width && picture.height === height
    ? picture
    : resize(picture, width, height, bicubic);
}

const scaled = ({ left, top, width, height }: Box, x: number, y: number) => ({
  left: left * x,
  top: top * y,
  width: width * x,
  height: height * y,
});
