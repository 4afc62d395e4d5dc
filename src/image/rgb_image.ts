/**
 * Pictures in memory.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import { asDrawing, type Drawable, pixelsOf } from "./drawable.ts";
import { checkRegion, type Region } from "./region.ts";
import { isTensor, levelsOf, type TensorPicture } from "./tensor_picture.ts";

/** A picture in memory: RGB8, row by row from the top left, no padding between rows. */
export interface RgbImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height * 3` bytes: R, G, B of each pixel, 0..255. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A canvas's `ImageData`, or an object like it: RGBA8, alpha not premultiplied. */
export interface ImageDataLike {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height * 4` bytes: R, G, B, A of each pixel, 0..255. */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/**
 * A picture as functions accept it: RGB or RGBA bytes, whose length tells which; a picture of the
 * browser; or a tensor `[H, W, 3]`.
 */
export type Picture = RgbImage | ImageDataLike | Drawable | TensorPicture;

/**
 * Converts a picture, or a part of it, to RGB8 as PIL's `convert("RGB")` does: drops alpha, without
 * compositing. RGB bytes are not copied.
 *
 * A picture of the browser is drawn on a canvas of the colour space sRGB. Opaque pixels keep their
 * levels; colours behind alpha lose precision. A video frame is drawn as it is shown: converted
 * from YUV, turned, and at its display size. Nothing is closed or disposed.
 *
 * @param picture A picture; it stays the caller's.
 * @param region The part to take. Default: all of it.
 * @throws {TypeError} If it isn't a picture, or the length of `data` fits neither RGB nor RGBA.
 * @throws {RangeError} If a side isn't a positive integer, the region reaches beyond the picture, or a
 *   tensor's value is out of range.
 * @throws {Error} If a picture of the browser can't be read, for lack of a canvas or because it is of
 *   another origin.
 * @see torchvision 0.14.1, `transforms.functional.crop`.
 *
 * @example The RGB of an `ImageData`
 * ```ts
 * import { toRgb } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const red = { width: 1, height: 1, data: new Uint8ClampedArray([255, 0, 0, 255]) };
 * assert.deepEqual([...toRgb(red).data], [255, 0, 0]);
 * ```
 *
 * @example A part of a photo
 * ```ts
 * import { decodeImage, toRgb } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const head = toRgb(await decodeImage("examples/images/chelsea.png"), [120, 20, 200, 180]);
 * assert.deepEqual([head.width, head.height], [200, 180]);
 * ```
 */
export function toRgb(picture: Picture, region?: Region): RgbImage {
  const drawing = isObject(picture) ? asDrawing(picture) : undefined;
  if (drawing) {
    const { width, height } = drawing;
    checkSize(drawing, "pass it loaded, and close it afterwards");
    if (region) checkRegion(region, drawing);
    const part: Region = region ?? [0, 0, width, height];
    const data = pixelsOf(drawing, part);
    return withoutAlpha({ width: part[2], height: part[3], data });
  }
  const image = withoutAlpha(bytesOf(picture));
  return region ? cut(image, region) : image;
}

/** Bytes in memory, checked. */
function bytesOf(picture: Picture): RgbImage | ImageDataLike {
  if (isObject(picture) && isTensor(picture)) return levelsOf(picture);
  const given = picture as ImageDataLike;
  if (!given?.data || typeof given.width !== "number") {
    throw new TypeError(
      expected("", "a decoded picture", picture, adviceFor(picture)),
    );
  }
  checkSize(given);
  const { data } = given;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new TypeError(
      expected("picture.data", "a Uint8Array or Uint8ClampedArray", data),
    );
  }
  return given;
}

function checkSize(
  { width, height }: { readonly width: number; readonly height: number },
  advice = "",
): void {
  if (isSide(width) && isSide(height)) return;
  throw new RangeError(expected(
    "picture",
    "positive integers as width and height",
    asIs(`${width}x${height}`),
    advice,
  ));
}

/** RGB of RGB or RGBA. */
function withoutAlpha({ width, height, data }: ImageDataLike): RgbImage {
  const pixels = width * height;
  if (data.length === 3 * pixels) {
    return { width, height, data: asBytes(data) };
  }
  if (data.length !== 4 * pixels) {
    throw new TypeError(expected(
      "picture.data",
      `${3 * pixels} bytes (RGB) or ${
        4 * pixels
      } (RGBA) for ${width}x${height}`,
      data.length,
    ));
  }
  const rgb = new Uint8Array(3 * pixels);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return { width, height, data: rgb };
}

/** A part of a picture, copied. */
function cut(image: RgbImage, region: Region): RgbImage {
  checkRegion(region, image);
  const [x, y, width, height] = region;
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 3 * ((y + row) * image.width + x);
    data.set(image.data.subarray(from, from + 3 * width), 3 * row * width);
  }
  return { width, height, data };
}

/** What to do with what isn't a decoded picture. */
function adviceFor(value: unknown): string {
  const isFile = typeof value === "string" || value instanceof URL ||
    value instanceof Blob || value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value);
  return isFile ? "decode the file with await decodeImage(file)" : "";
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null;

const isSide = (value: number) => Number.isInteger(value) && value > 0;

/** The same memory as a `Uint8Array`; a copy if threads share it. */
function asBytes(
  data: Uint8ClampedArray | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = data;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(data);
}
