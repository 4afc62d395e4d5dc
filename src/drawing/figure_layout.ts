/**
 * Where everything in a figure goes.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import type { BarSizes } from "./color_bar.ts";
import type { Edges } from "./paper.ts";

/** The texts, sizes and bars of a figure, as far as its layout depends on them. */
export interface FigureParts {
  /** Width and height of each row's picture. */
  readonly pictures: readonly {
    readonly width: number;
    readonly height: number;
  }[];
  /** How many pictures stand side by side. */
  readonly columns: number;
  /** How many of these, from the left, have no colours: the picture itself. */
  readonly plain: number;
  /** Whether there is a text above the columns, left of the rows, below a row's panels, at the bottom. */
  readonly heads: boolean;
  readonly titles: boolean;
  readonly captions: readonly boolean[];
  readonly note: boolean;
  /** Where colour bars are: below each column, to the right of each row, or one below all columns. */
  readonly bars?: "columns" | "rows" | "all";
  /** The width of the numbers beside bars on the right, in pixels. */
  readonly numbers: number;
  /** The figure's width in pixels. Default: the widest picture keeps its size. */
  readonly width?: number;
  readonly sizes: FigureSizes;
}

/** Sizes in pixels. */
export interface FigureSizes extends BarSizes {
  /** Between panels. */
  readonly gap: number;
  /** Height of a line of text, with what goes below the baseline, and room around it. */
  readonly row: number;
  /** From the edge of a line to its capitals. */
  readonly margin: number;
}

/** Places in pixels. */
export interface FigureLayout {
  readonly width: number;
  readonly height: number;
  /** The panels, row by row. */
  readonly panels: readonly (readonly Edges[])[];
  /** The upper edge of each row's captions. */
  readonly captions: readonly number[];
  /** The outlined bars: for each column with colours, for each row, or one. */
  readonly bars: readonly Edges[];
  /** The upper edge and the left one of the note. */
  readonly note: { readonly left: number; readonly top: number };
}

const MAX_PIXELS = 100_000_000;
/** The narrowest panel that shows anything, in pixels. */
const LEAST_PANEL = 16;

/** The sizes that belong to a font of so many points. */
export function figureSizes(fontSize: number, dpi: number): FigureSizes {
  const em = fontSize * dpi / 72;
  const text = Math.round(0.7 * em);
  const gap = Math.max(2, Math.round(0.45 * em));
  return {
    text,
    gap,
    row: text + Math.round(0.65 * em),
    margin: Math.round(0.15 * em),
    line: Math.max(1, Math.round(0.5 * dpi / 72)),
    tick: Math.max(2, Math.round(0.25 * em)),
  };
}

/**
 * Lays out a figure: a row for each picture, columns of one width.
 *
 * @throws {RangeError} If the panels would be too narrow, or the figure too large.
 */
export function layOutFigure(parts: FigureParts): FigureLayout {
  const { pictures, columns, plain, bars, sizes } = parts;
  const { gap, row, margin, text, line, tick } = sizes;
  const left = parts.titles ? row : 0;
  const thickness = Math.round(0.8 * text) + 2 * line;
  const right = bars === "rows"
    ? gap + thickness + 2 * tick + parts.numbers
    : 0;
  const gaps = (columns - 1) * gap;
  const widest = Math.max(...pictures.map(({ width }) => width));
  const width = parts.width ?? left + columns * widest + gaps + right;
  const column = Math.floor((width - left - right - gaps) / columns);
  if (column < LEAST_PANEL) {
    const least = left + right + gaps + columns * LEAST_PANEL;
    const what = `at least ${least} pixels for ${columns} columns`;
    throw new RangeError(expected("width", what, width));
  }
  // Upright pictures among others are no higher than wide, so that they have no larger share.
  const aspects = pictures.map(({ width, height }) => height / width);
  const most = Math.max(1, Math.min(...aspects));
  let top = parts.heads ? row : 0;
  const captions: number[] = [];
  const panels = aspects.map((aspect, i) => {
    const high = Math.max(1, Math.round(column * Math.min(aspect, most)));
    const wide = aspect <= most
      ? column
      : Math.max(1, Math.round(high / aspect));
    const boxes = Array.from({ length: columns }, (_, at) => {
      const start = left + at * (column + gap) +
        Math.floor((column - wide) / 2);
      return { left: start, top, right: start + wide, bottom: top + high };
    });
    captions.push(top + high + margin);
    top += high + gap + (parts.captions[i] ? row : 0);
    return boxes;
  });
  top -= gap;
  const colored = left + plain * (column + gap);
  const boxes: Edges[] = [];
  if (bars === "rows") {
    const start = width - right + gap;
    boxes.push(...panels.map(([{ top, bottom }]) => {
      return { left: start, top, right: start + thickness, bottom };
    }));
  } else if (bars) {
    top += gap;
    const count = bars === "all" ? 1 : columns - plain;
    const wide = bars === "all" ? width - right - colored : column;
    for (let i = 0; i < count; i++) {
      const start = colored + i * (column + gap);
      const bottom = top + thickness;
      boxes.push({ left: start, top, right: start + wide, bottom });
    }
    top += thickness + 2 * tick + text + line;
  }
  const note = { left: colored, top: top + gap + margin };
  const height = top + (parts.note ? gap + row : 0);
  if (width * height > MAX_PIXELS) {
    throw new RangeError(expected(
      "a figure",
      `at most ${MAX_PIXELS} pixels`,
      asIs(`${width}x${height}`),
      "choose a smaller width",
    ));
  }
  return { width, height, panels, captions, bars: boxes, note };
}
