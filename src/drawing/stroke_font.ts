/**
 * A font of strokes for numbers in pictures: smooth at any size, without a canvas.
 *
 * The strokes are A. V. Hershey's "Roman simplex" (U.S. National Bureau of Standards), narrowed.
 *
 * @module
 */

import type { RgbImage } from "../image/rgb_image.ts";

/** Height of a digit in the font's units. */
const CAP = 21;
/** Width of the letters, relative to Hershey's. */
const NARROWING = 0.82;

/** Each letter's advance and strokes: points `x,y` from the baseline up; `/` lifts the pen. */
const glyphs: Readonly<Record<string, readonly [number, string]>> = {
  "0": [
    20,
    "9,21 6,20 4,17 3,12 3,9 4,4 6,1 9,0 11,0 14,1 16,4 17,9 17,12 16,17 14,20 11,21 9,21",
  ],
  "1": [20, "6,17 8,18 11,21 11,0"],
  "2": [
    20,
    "4,16 4,17 5,19 6,20 8,21 12,21 14,20 15,19 16,17 16,15 15,13 13,10 3,0 17,0",
  ],
  "3": [
    20,
    "5,21 16,21 10,13 13,13 15,12 16,11 17,8 17,6 16,3 14,1 11,0 8,0 5,1 4,2 3,4",
  ],
  "4": [20, "13,0 13,21 3,7 18,7"],
  "5": [
    20,
    "15,21 5,21 4,12 5,13 8,14 11,14 14,13 16,11 17,8 17,6 16,3 14,1 11,0 8,0 5,1 4,2 3,4",
  ],
  "6": [
    20,
    "16,18 15,20 12,21 10,21 7,20 5,17 4,12 4,7 5,3 7,1 10,0 11,0 14,1 16,3 17,6 17,7 16,10 " +
    "14,12 11,13 10,13 7,12 5,10 4,7",
  ],
  "7": [20, "3,21 17,21 7,0"],
  "8": [
    20,
    "8,21 5,20 4,18 4,16 5,14 7,13 11,12 14,11 16,9 17,7 17,4 16,2 15,1 12,0 8,0 5,1 4,2 3,4 " +
    "3,7 4,9 6,11 9,12 13,13 15,14 16,16 16,18 15,20 12,21 8,21",
  ],
  "9": [
    20,
    "16,14 15,11 13,9 10,8 9,8 6,9 4,11 3,14 3,15 4,18 6,20 9,21 10,21 13,20 15,18 16,14 16,9 " +
    "15,4 13,1 10,0 8,0 5,1 4,3",
  ],
  ".": [10, "5,2 4,1 5,0 6,1 5,2"],
  "-": [18, "3,9 15,9"],
  "a": [
    19,
    "15,14 15,0 / 15,11 13,13 11,14 8,14 6,13 4,11 3,8 3,6 4,3 6,1 8,0 11,0 13,1 15,3",
  ],
  "e": [
    18,
    "3,8 15,8 15,10 14,12 13,13 11,14 8,14 6,13 4,11 3,8 3,6 4,3 6,1 8,0 11,0 13,1 15,3",
  ],
  "i": [8, "3,21 4,20 5,21 4,22 3,21 / 4,14 4,0"],
  "m": [
    30,
    "4,14 4,0 / 4,10 7,13 9,14 12,14 14,13 15,10 15,0 / 15,10 18,13 20,14 23,14 25,13 26,10 26,0",
  ],
  "n": [19, "4,14 4,0 / 4,10 7,13 9,14 12,14 14,13 15,10 15,0"],
  "x": [17, "3,14 14,0 / 14,14 3,0"],
};

/** From `x1, y1` to `x2, y2`, in pixels. */
type Segment = readonly [number, number, number, number];

/** The left and upper edge of a text's digits, and their height, in pixels. */
interface TextPlace {
  readonly left: number;
  readonly top: number;
  readonly height: number;
}

/** The width of a text, in pixels. */
export function textWidth(text: string, height: number): number {
  const units = [...text].reduce((sum, letter) => sum + glyphs[letter][0], 0);
  return Math.ceil(units * NARROWING * height / CAP);
}

/** Writes digits, `. - e` or the words `min` and `max` into a picture, in dark grey. */
export function drawText(
  image: RgbImage,
  text: string,
  { left, top, height }: TextPlace,
): void {
  const radius = Math.max(1.2, height / 9) / 2;
  const unitX = NARROWING * height / CAP;
  const unitY = (height - 2 * radius) / CAP; // The height includes the strokes' width.
  let x = left;
  for (const letter of text) {
    const [advance, strokes] = glyphs[letter];
    const segments = strokes.split(" / ").flatMap((stroke) => {
      const points = stroke.split(" ").map((point) => {
        const [right, up] = point.split(",").map(Number);
        return [x + right * unitX, top + radius + (CAP - up) * unitY] as const;
      });
      return points.slice(1).map((to, i): Segment => [...points[i], ...to]);
    });
    const right = x + advance * unitX;
    drawSegments(image, segments, radius, [x, top - 1, right, top + height]);
    x = right;
  }
}

/** The grey of the letters. */
const INK = 32;

/** Darkens each pixel of a box by how much of it the strokes cover. */
function drawSegments(
  { data, width }: RgbImage,
  segments: readonly Segment[],
  radius: number,
  [left, top, right, bottom]: Segment,
): void {
  for (let y = Math.floor(top); y < Math.ceil(bottom); y++) {
    for (let x = Math.floor(left); x < Math.ceil(right); x++) {
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
