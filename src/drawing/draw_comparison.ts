/**
 * A table of numbers as a drawing: layers against layers.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { drawScale, scaleWidth } from "./color_bar.ts";
import { colorMap, type ColorMapName, type ValueRange } from "./color_map.ts";
import { figureSizes } from "./figure_layout.ts";
import { blank } from "./paper.ts";
import { drawText, textWidth } from "./stroke_font.ts";

/** How alike layers are. */
export interface Comparison {
  /** The names of the rows. */
  readonly rows: readonly string[];
  /** The names of the columns. */
  readonly columns: readonly string[];
  /** By row and column. */
  readonly values: readonly (readonly number[])[];
}

/** The look of such a drawing. */
export interface ComparisonStyle {
  /** What the rows belong to, such as the network's name. */
  readonly rowTitle?: string;
  /** What the columns belong to. */
  readonly columnTitle?: string;
  /** The values of the first and the last colour. Default 0 and 1, or -1 if one is negative. */
  readonly range?: ValueRange;
  /** Default `"viridis"`. */
  readonly colorMap?: ColorMapName;
  /** Pixels per inch. Default 300. */
  readonly dpi?: number;
  /** Size of the text in points. Default 7. */
  readonly fontSize?: number;
}

/** The most rows or columns. */
const most = 200;

/**
 * Draws a table as coloured squares with the layers' names, the first row at the bottom, and a colour
 * bar.
 *
 * @param table What `compareLayers` returns.
 * @returns The drawing; `encodePng` makes a file of it.
 * @throws {RangeError} If there are no rows or columns, or over 200, or an option is out of bounds.
 *
 * @example Two layers and three
 * ```ts
 * import { drawComparison } from "@layertap/resnet/compare";
 * import assert from "node:assert/strict";
 *
 * const table = {
 *   rows: ["layer1", "layer2"],
 *   columns: ["layer1", "layer2", "layer3"],
 *   values: [[1, 0.7, 0.4], [0.7, 1, 0.6]],
 * };
 * const { width, height } = await drawComparison(table, { columnTitle: "resnet50" });
 * assert(width > height);
 * ```
 */
export async function drawComparison(
  { rows, columns, values }: Comparison,
  options: ComparisonStyle = {},
): Promise<RgbImage> {
  const { rowTitle = "", columnTitle = "", dpi = 300, fontSize = 7 } = options;
  for (const [name, value] of Object.entries({ dpi, fontSize })) {
    if (value > 0 && value < 1e4) continue;
    throw new RangeError(expected(name, "a positive number", value));
  }
  const [height, width] = [rows.length, columns.length];
  if (!(height * width > 0) || Math.max(height, width) > most) {
    const got = asIs(`${height} x ${width}`);
    throw new RangeError(expected("table", `1 to ${most} layers`, got));
  }
  const least = values.flat().some((value) => value < 0) ? -1 : 0;
  const { range = { low: least, high: 1 } } = options;
  const sizes = figureSizes(fontSize, dpi);
  const { text, gap, row, margin, line, tick } = sizes;

  const cell = Math.round(1.25 * row);
  const longest = (names: readonly string[]) =>
    Math.max(...names.map((name) => textWidth(name, text)));
  const left = (rowTitle ? row : 0) + longest(rows) + 2 * gap;
  const [right, bottom] = [left + width * cell, gap + height * cell];
  const bar = {
    left: right + 2 * gap,
    top: gap,
    right: right + 2 * gap + Math.round(0.8 * text) + 2 * line,
    bottom: Math.max(bottom, gap + 3 * row),
  };
  const names = bottom + gap;
  const title = names + longest(columns) + gap;
  const image = blank(
    bar.right + 2 * tick + scaleWidth([range], sizes) + gap,
    Math.max(title + (columnTitle ? row : 0), bar.bottom + row),
  );

  const colors = await colorMap(options.colorMap ?? "viridis");
  const fill = (i: number, j: number) => {
    const share = (values[i][j] - range.low) / (range.high - range.low);
    const at = Math.max(0, Math.min(255, Math.floor(share * 256)));
    const color = Number.isFinite(share)
      ? colors.subarray(3 * at, 3 * at + 3)
      : Uint8Array.of(128, 128, 128);
    for (let y = 0; y < cell; y++) {
      const start = (bottom - (i + 1) * cell + y) * image.width + left +
        j * cell;
      for (let x = 0; x < cell; x++) image.data.set(color, 3 * (start + x));
    }
  };
  rows.forEach((_, i) => columns.forEach((_, j) => fill(i, j)));
  rows.forEach((name, i) =>
    drawText(image, name, {
      left: left - gap - textWidth(name, text),
      top: bottom - (i + 1) * cell + Math.round((cell - text) / 2),
      height: text,
    })
  );
  columns.forEach((name, j) =>
    drawText(image, name, {
      left: left + j * cell + Math.round((cell - text) / 2),
      top: names + textWidth(name, text),
      height: text,
      upward: true,
    })
  );
  const middle = (start: number, end: number, words: string) =>
    Math.round((start + end - textWidth(words, text)) / 2);
  if (columnTitle) {
    const place = {
      left: Math.max(0, middle(left, right, columnTitle)),
      top: title,
    };
    drawText(image, columnTitle, { ...place, height: text });
  }
  if (rowTitle) {
    const length = textWidth(rowTitle, text);
    const top = Math.max(length, middle(gap, bottom, rowTitle) + length);
    drawText(image, rowTitle, {
      left: margin,
      top,
      height: text,
      upward: true,
    });
  }
  drawScale(image, bar, colors, range, sizes);
  return image;
}
