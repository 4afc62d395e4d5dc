/**
 * Text in pictures, drawn by strokes: smooth at any size, without a canvas.
 *
 * @module
 */

import type { RgbImage } from "../image/rgb_image.ts";
import { glyphsOf } from "./glyphs.ts";
import { INK } from "./paper.ts";

/** Height of a capital in the font's units. */
const CAP = 21;
/** Width of the letters, relative to Hershey's. */
const NARROWING = 0.82;

/** From `x1, y1` to `x2, y2`, in pixels. */
type Segment = readonly [number, number, number, number];

/** Where a text begins, and the height of its capitals, in pixels. */
export interface TextPlace {
  /** The left edge; of a text that runs upward, that of its capitals. */
  readonly left: number;
  /** The upper edge of the capitals; of a text that runs upward, its lower end. */
  readonly top: number;
  readonly height: number;
  /** Whether the text runs from bottom to top. Default false. */
  readonly upward?: boolean;
}

/** The width of a text, in pixels. */
export function textWidth(text: string, height: number): number {
  const units = glyphsOf(text).reduce((sum, { advance }) => sum + advance, 0);
  return Math.ceil(units * NARROWING * height / CAP);
}

/** A text that is no wider than this; what is cut off becomes `...`. */
export function fitText(text: string, height: number, width: number): string {
  if (textWidth(text, height) <= width) return text;
  const letters = [...text];
  while (letters.length > 0) {
    letters.pop();
    const cut = `${letters.join("").trimEnd()}...`;
    if (textWidth(cut, height) <= width) return cut;
  }
  return "";
}

/** Writes a line of text into a picture, in dark grey. What is outside of the picture is cut off. */
export function drawText(
  image: RgbImage,
  text: string,
  { left, top, height, upward = false }: TextPlace,
): void {
  const radius = Math.max(1.2, height / 9) / 2;
  const unitX = NARROWING * height / CAP;
  const unitY = (height - 2 * radius) / CAP; // The height includes the strokes' width.
  let start = 0;
  for (const { advance, strokes } of glyphsOf(text)) {
    const segments = strokes.flatMap((points) => {
      const placed = points.map(([x, y]) => {
        const along = start + x * unitX;
        const down = radius + (CAP - y) * unitY;
        return upward
          ? [left + down, top - along] as const
          : [left + along, top + down] as const;
      });
      return placed.slice(1).map((to, i): Segment => [...placed[i], ...to]);
    });
    drawSegments(image, segments, radius);
    start += advance * unitX;
  }
}

/** Darkens each pixel by how much of it the strokes cover. */
function drawSegments(
  { data, width, height }: RgbImage,
  segments: readonly Segment[],
  radius: number,
): void {
  const xs = segments.flatMap(([x1, , x2]) => [x1, x2]);
  const ys = segments.flatMap(([, y1, , y2]) => [y1, y2]);
  const reach = radius + 1;
  const left = Math.max(0, Math.floor(Math.min(...xs) - reach));
  const right = Math.min(width, Math.ceil(Math.max(...xs) + reach));
  const top = Math.max(0, Math.floor(Math.min(...ys) - reach));
  const bottom = Math.min(height, Math.ceil(Math.max(...ys) + reach));
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const distance = segments.reduce(
        (least, segment) =>
          Math.min(least, distanceTo(segment, x + 0.5, y + 0.5)),
        Infinity,
      );
      const cover = Math.min(1, Math.max(0, radius + 0.5 - distance));
      for (let at = 3 * (y * width + x), end = at + 3; at < end; at++) {
        data[at] += Math.round(cover * (INK - data[at]));
      }
    }
  }
}

/** Distance of a point from a segment. */
function distanceTo([x1, y1, x2, y2]: Segment, x: number, y: number): number {
  const dx = x2 - x1, dy = y2 - y1;
  const along = ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  return Math.sqrt((x - x1 - t * dx) ** 2 + (y - y1 - t * dy) ** 2);
}
