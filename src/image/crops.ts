/**
 * What is cut from a resized picture: torchvision's `CenterCrop`, `FiveCrop` and `TenCrop`
 * (0.14, `transforms/functional.py`), or all of it.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { asIs, expected, requireOneOf } from "../errors/expected.ts";
import type { Region } from "./region.ts";
import {
  bicubic,
  bilinear,
  type Box,
  type Filter,
  type ResizePlan,
} from "./resize.ts";
import type { RgbImage } from "./rgb_image.ts";

/** Width and height in pixels. */
type Size = Pick<RgbImage, "width" | "height">;

/** What of a picture becomes a network's input. */
export interface InputFrame {
  /** Takes a part of the picture alone: `[x, y, width, height]` in pixels. Default: all of it. */
  readonly region?: Region;
  /**
   * What is cut from the resized picture. `"center"` is the preset's square; `"none"` cuts nothing,
   * so that all of the picture remains, in its aspect. Default `"center"`.
   */
  readonly crop?: "center" | "none";
}

/** What of a picture becomes a network's inputs. */
export interface PreprocessOptions {
  /** Takes a part of each picture alone: `[x, y, width, height]` in pixels. Default: all of it. */
  readonly region?: Region;
  /**
   * What is cut from the resized picture:
   *
   * - `"center"`, the preset's square, torchvision's `CenterCrop`;
   * - `"five"`, `FiveCrop`: the squares top left, top right, bottom left, bottom right and centre;
   * - `"ten"`, `TenCrop`: these, then those of the mirrored picture;
   * - `"none"`, nothing: all of the picture remains, in its aspect.
   *
   * Default `"center"`.
   */
  readonly crop?: "center" | "five" | "ten" | "none";
}

/** PIL's `MAX_IMAGE_PIXELS`, twice: it refuses to open larger pictures. */
const mostPixels = 178_956_970;

const filters: Record<Preset["interpolation"], Filter> = { bilinear, bicubic };

/**
 * The crops of a picture of this size, each by a resize that computes only its pixels.
 *
 * @throws {RangeError} If the kind is unknown, the resized picture is smaller than one of several
 *   crops, or has more pixels than PIL opens.
 */
export function crops(
  size: Size,
  preset: Preset,
  kind: PreprocessOptions["crop"] = "center",
  resize: (plan: ResizePlan) => RgbImage,
): RgbImage[] {
  requireOneOf("crop", kind, ["center", "five", "ten", "none"]);
  const { cropSize, interpolation, cropRounding } = preset;
  const { width, height } = resizedSize(size, preset);
  const filter = filters[interpolation];
  const take = (window: Box) => resize({ width, height, filter, window });
  const square = (left: number, top: number) =>
    take({ left, top, width: cropSize, height: cropSize });

  if (kind === "none") {
    checkWhole(size, preset);
    return [take({ left: 0, top: 0, width, height })];
  }
  const round = cropRounding === "down" ? halfDown : halfToEven;
  const x = centerCrop(width, cropSize, round);
  const y = centerCrop(height, cropSize, round);
  if (kind === "center") {
    const visible = take({
      left: x.from,
      top: y.from,
      width: x.length,
      height: y.length,
    });
    return [
      visible.width === cropSize && visible.height === cropSize
        ? visible
        : pad(visible, x.padding, y.padding, cropSize),
    ];
  }
  const right = width - cropSize, bottom = height - cropSize;
  if (right < 0 || bottom < 0) {
    throw new RangeError(expected(
      "picture",
      `at least ${cropSize}x${cropSize} pixels after resizing, for "${kind}"`,
      asIs(`${width}x${height}`),
    ));
  }
  const corners = [[0, 0], [right, 0], [0, bottom], [right, bottom]];
  const [a, b, c, d] = corners.map(([left, top]) => square(left, top));
  const five = [a, b, c, d, square(x.from, y.from)];
  if (kind === "five") return five;
  const center = square(right - x.from, y.from); // Of the mirrored picture.
  return [...five, ...[b, a, d, c, center].map(mirrored)];
}

/**
 * Where the centre crop is in a picture, in its pixels; beyond the edge where it is padded.
 *
 * @param frame As the input was made.
 */
export function cropBox(
  size: Size,
  preset: Preset,
  { region = [0, 0, size.width, size.height], crop = "center" }: InputFrame,
): Box {
  const [left, top, width, height] = region;
  if (crop === "none") return { left, top, width, height };
  const { cropSize, cropRounding } = preset;
  const resized = resizedSize({ width, height }, preset);
  const round = cropRounding === "down" ? halfDown : halfToEven;
  const x = centerCrop(resized.width, cropSize, round);
  const y = centerCrop(resized.height, cropSize, round);
  const across = width / resized.width, down = height / resized.height;
  return {
    left: left + (x.from - x.padding) * across,
    top: top + (y.from - y.padding) * down,
    width: cropSize * across,
    height: cropSize * down,
  };
}

/** The size of a picture whose shorter side is `resizeSize`. */
function resizedSize(size: Size, { resizeSize }: Preset): Size {
  const short = Math.min(size.width, size.height);
  return {
    width: Math.trunc(resizeSize * size.width / short),
    height: Math.trunc(resizeSize * size.height / short),
  };
}

/** @throws {RangeError} If all of a picture, resized, has more pixels than PIL opens. */
export function checkWhole(size: Size, preset: Preset): void {
  const { width, height } = resizedSize(size, preset);
  if (width * height <= mostPixels) return;
  const what = `at most ${mostPixels} pixels after resizing`;
  const got = asIs(`${width}x${height}`);
  throw new RangeError(expected("picture", what, got, "crop it"));
}

/** `F.center_crop` along one axis: where to cut, how much, and the padding before it. */
function centerCrop(
  size: number,
  crop: number,
  half: (rest: number) => number,
) {
  if (size < crop) {
    return { from: 0, length: size, padding: (crop - size) >> 1 };
  }
  return { from: half(size - crop), length: crop, padding: 0 };
}

/** Python's `n // 2`. */
const halfDown = (n: number) => n >> 1;

/** Python's `round(n / 2.0)`: a half rounds to the even neighbour. */
function halfToEven(n: number): number {
  const half = n >> 1;
  return n % 2 === 0 || half % 2 === 0 ? half : half + 1;
}

/** A black square of `side` pixels with the image in it. */
function pad(
  image: RgbImage,
  left: number,
  top: number,
  side: number,
): RgbImage {
  const data = new Uint8Array(3 * side * side);
  const rowLength = 3 * image.width;
  for (let y = 0; y < image.height; y++) {
    data.set(
      image.data.subarray(y * rowLength, (y + 1) * rowLength),
      3 * ((top + y) * side + left),
    );
  }
  return { width: side, height: side, data };
}

/** `F.hflip`. */
function mirrored({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = width - 1; x >= 0; x--, to += 3) {
      const from = 3 * (y * width + x);
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return { width, height, data: out };
}
