import { expected } from "../errors/expected.ts";

/** A figure's width: pixels, or millimetres such as `"85mm"`. */
export type FigureWidth = number | `${number}mm`;

/**
 * Reads a width from text.
 *
 * @throws {RangeError} If it is neither pixels nor millimetres.
 */
export function readWidth(text: string): FigureWidth {
  const width = /^\d+$/.test(text) ? Number(text) : text as `${number}mm`;
  widthInPixels(width, 300, "");
  return width;
}

/**
 * A width in pixels.
 *
 * @throws {RangeError} If it isn't a positive integer, or a positive number of millimetres.
 */
export function widthInPixels(
  width: FigureWidth,
  dpi: number,
  subject = "width",
): number {
  const [, millimetres] = /^(\d+(?:\.\d+)?)mm$/.exec(`${width}`) ?? [];
  const pixels = millimetres === undefined
    ? width
    : Math.round(Number(millimetres) / 25.4 * dpi);
  if (Number.isInteger(pixels) && Number(pixels) > 0) return Number(pixels);
  const what = 'pixels, or millimetres such as "85mm"';
  throw new RangeError(expected(subject, what, width));
}
