import type { RgbImage } from "../image/rgb_image.ts";
import type { ValueRange } from "./color_map.ts";
import { drawText, textWidth } from "./stroke_font.ts";

/** Pixels between the bar and its numbers. */
const BESIDE_BAR = 5;

/**
 * Adds a colour bar to the right of a picture, the largest value at the top.
 *
 * @param colors The colour map.
 * @param top The bar's upper edge, in pixels.
 * @param range The values of the bar's ends; without it, they read `max` and `min`.
 */
export function withColorBar(
  image: RgbImage,
  colors: Uint8Array,
  top: number,
  range?: ValueRange,
): RgbImage {
  const shorter = Math.min(image.width, image.height);
  const textHeight = Math.floor(Math.min(24, Math.max(10, shorter / 40)));
  const [least, greatest] = range && range.low <= range.high
    ? [numeral(range.low), numeral(range.high)]
    : ["min", "max"];
  const bar = {
    left: image.width + textHeight,
    right: image.width + 2 * textHeight,
    bottom: Math.max(image.height, top + 3 * textHeight),
  };
  const textLeft = bar.right + BESIDE_BAR;
  const width = textLeft + Math.max(
    textWidth(least, textHeight),
    textWidth(greatest, textHeight),
  );
  const height = bar.bottom;
  const data = new Uint8Array(width * height * 3).fill(255);
  for (let y = 0; y < image.height; y++) {
    const row = 3 * y * image.width;
    const end = row + 3 * image.width;
    data.set(image.data.subarray(row, end), 3 * y * width);
  }
  for (let y = top; y < bar.bottom; y++) {
    const share = (bar.bottom - 0.5 - y) / (bar.bottom - top);
    const color = 3 * Math.floor(share * 256);
    for (let x = bar.left; x < bar.right; x++) {
      data.set(colors.subarray(color, color + 3), 3 * (y * width + x));
    }
  }
  const result = { width, height, data };
  const place = { left: textLeft, height: textHeight };
  drawText(result, greatest, { ...place, top });
  drawText(result, least, { ...place, top: bar.bottom - textHeight });
  return result;
}

/** A value with three digits, in the font's letters. */
function numeral(value: number): string {
  return `${Number(value.toPrecision(3))}`.replace("+", "");
}
