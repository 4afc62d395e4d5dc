import type { RgbImage } from "../image/rgb_image.ts";
import type { ValueRange } from "./color_map.ts";
import { blank, type Edges, fillBox, paste } from "./paper.ts";
import { drawText, textWidth } from "./stroke_font.ts";
import { type Tick, ticks } from "./ticks.ts";

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
    top,
    right: image.width + 2 * textHeight,
    bottom: Math.max(image.height, top + 3 * textHeight),
  };
  const left = bar.right + BESIDE_BAR;
  const result = blank(
    left + Math.max(
      textWidth(least, textHeight),
      textWidth(greatest, textHeight),
    ),
    bar.bottom,
  );
  paste(image, result, 0, 0);
  drawBar(result, bar, colors);
  const place = { left, height: textHeight };
  drawText(result, greatest, { ...place, top });
  drawText(result, least, { ...place, top: bar.bottom - textHeight });
  return result;
}

/** A value with three digits. */
function numeral(value: number): string {
  return `${Number(value.toPrecision(3))}`.replace("+", "");
}

/** Fills a box with a colour map: the last colour at the top, or on the right of a wide box. */
function drawBar({ data, width }: RgbImage, box: Edges, colors: Uint8Array) {
  const { left, top, right, bottom } = box;
  const isWide = right - left > bottom - top;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const share = isWide
        ? (x + 0.5 - left) / (right - left)
        : (bottom - 0.5 - y) / (bottom - top);
      const color = 3 * Math.floor(share * 256);
      data.set(colors.subarray(color, color + 3), 3 * (y * width + x));
    }
  }
}

/** Sizes of a colour bar with numbers, in pixels. */
export interface BarSizes {
  /** Height of the numbers. */
  readonly text: number;
  /** Width of the outline and of the ticks' lines. */
  readonly line: number;
  /** Length of the ticks, and from there to the numbers. */
  readonly tick: number;
}

/** The ends of a bar whose maps have a scale each. */
const ends = (low: number, high: number): Tick[] => [
  { value: low, label: "min" },
  { value: high, label: "max" },
];

/**
 * Draws an outlined colour bar with round numbers: below a wide bar, to the right of a high one.
 *
 * @param box The bar with its outline.
 * @param range The values of its ends; without it, they read `min` and `max`.
 */
export function drawScale(
  image: RgbImage,
  box: Edges,
  colors: Uint8Array,
  range: ValueRange | undefined,
  { text, line, tick }: BarSizes,
): void {
  fillBox(image, box);
  const bar = {
    left: box.left + line,
    top: box.top + line,
    right: box.right - line,
    bottom: box.bottom - line,
  };
  drawBar(image, bar, colors);
  const isWide = bar.right - bar.left > bar.bottom - bar.top;
  const length = isWide ? bar.right - bar.left : bar.bottom - bar.top;
  const { low, high } = range ?? { low: 0, high: 1 };
  const marks = range
    ? fittingTicks(range, (label) => isWide ? textWidth(label, text) : text, {
      length,
      apart: text,
    })
    : ends(low, high);
  for (const { value, label } of marks) {
    const share = high > low ? (value - low) / (high - low) : 0.5;
    const along = Math.round(share * (length - line));
    if (isWide) {
      const left = bar.left + along;
      const bottom = box.bottom + tick;
      fillBox(image, { left, top: box.bottom, right: left + line, bottom });
      const width = textWidth(label, text);
      const centred = Math.round(left + (line - width) / 2);
      const place = within(centred, box.left, box.right - width);
      drawText(image, label, { left: place, top: bottom + tick, height: text });
    } else {
      const top = bar.bottom - line - along;
      const right = box.right + tick;
      fillBox(image, { left: box.right, top, right, bottom: top + line });
      const centred = Math.round(top + (line - text) / 2);
      const place = within(centred, 0, image.height - text);
      drawText(image, label, { left: right + tick, top: place, height: text });
    }
  }
}

/** Numbers don't stick out, even if their ticks are at the ends. */
const within = (place: number, least: number, most: number) =>
  Math.max(least, Math.min(place, most));

/** As many ticks, up to 5, as have room beside each other. */
function fittingTicks(
  { low, high }: ValueRange,
  sizeOf: (label: string) => number,
  { length, apart }: { length: number; apart: number },
): Tick[] {
  for (let most = 5; most > 2; most--) {
    const marks = ticks(low, high, most);
    const largest = Math.max(...marks.map(({ label }) => sizeOf(label)));
    const step = (marks[1]?.value - marks[0].value) / (high - low) * length;
    if (marks.length === 1 || step >= largest + apart) return marks;
  }
  return ticks(low, high, 2);
}

/** The width of the numbers to the right of a high bar. */
export function scaleWidth(
  ranges: readonly (ValueRange | undefined)[],
  { text }: BarSizes,
): number {
  const labels = ranges.flatMap((range) =>
    range ? ticks(range.low, range.high, 5) : ends(0, 1)
  ).concat(
    ranges.flatMap((range) => range ? ticks(range.low, range.high, 2) : []),
  );
  return Math.max(...labels.map(({ label }) => textWidth(label, text)));
}
