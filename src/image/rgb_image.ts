/**
 * Pictures in memory.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";

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

/** A picture as functions accept it; the length of `data` tells RGB from RGBA. */
export type Picture = RgbImage | ImageDataLike;

/**
 * Converts a picture to RGB8 as PIL's `convert("RGB")` does: drops alpha, without compositing. RGB
 * bytes are not copied.
 *
 * @throws {TypeError} If it isn't a picture, or the length of `data` fits neither RGB nor RGBA.
 * @throws {RangeError} If a side isn't a positive integer.
 *
 * @example The RGB of an `ImageData`
 * ```ts
 * import { toRgb } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const red = { width: 1, height: 1, data: new Uint8ClampedArray([255, 0, 0, 255]) };
 * assert.deepEqual([...toRgb(red).data], [255, 0, 0]);
 * ```
 */
export function toRgb(picture: Picture): RgbImage {
  if (!picture?.data || typeof picture.width !== "number") {
    throw new TypeError(
      expected("", "a decoded picture", picture, adviceFor(picture)),
    );
  }
  const { width, height, data } = picture;
  if (!isSide(width) || !isSide(height)) {
    throw new RangeError(expected(
      "picture",
      "positive integers as width and height",
      asIs(`${width}x${height}`),
    ));
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new TypeError(
      expected("picture.data", "a Uint8Array or Uint8ClampedArray", data),
    );
  }
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

/** What to do with what isn't a decoded picture. */
function adviceFor(value: unknown): string {
  const isFile = typeof value === "string" || value instanceof URL ||
    value instanceof Blob || value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value);
  if (isFile) return "decode the file with await decodeImage(file)";
  const isTensor = typeof value === "object" && value !== null &&
    "dtype" in value;
  return isTensor ? "a tensor goes into the network without preprocess" : "";
}

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
