/**
 * What a picture is: RGB8 in memory, and what can be taken for one.
 *
 * @module
 */

/** A picture in memory: RGB8, row by row from the top left, no padding between rows. */
export interface RgbImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height * 3` bytes: R, G, B of each pixel, 0..255. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A canvas's `ImageData`, or what decoders give in its place: RGBA8, alpha not premultiplied. */
export interface ImageDataLike {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height * 4` bytes: R, G, B, A of each pixel, 0..255. */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** Whatever is taken where a picture is wanted; the length of `data` tells RGB from RGBA. */
export type Picture = RgbImage | ImageDataLike;

/**
 * A picture as RGB8, as PIL's `convert("RGB")` makes it: alpha is dropped, nothing is composited.
 * RGB bytes are passed on, not copied.
 *
 * @throws {TypeError} If `data` isn't bytes, or its length fits neither RGB nor RGBA.
 * @throws {RangeError} If a side isn't a positive whole number.
 *
 * @example An `ImageData` becomes an image
 * ```ts
 * import { toRgb } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const red = { width: 1, height: 1, data: new Uint8ClampedArray([255, 0, 0, 255]) };
 * assert.deepEqual([...toRgb(red).data], [255, 0, 0]);
 * ```
 */
export function toRgb(picture: Picture): RgbImage {
  const { width, height, data } = picture;
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1) {
      throw new RangeError(
        `a picture of ${width}x${height}: both sides must be positive whole numbers`,
      );
    }
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new TypeError(
      `a picture of ${width}x${height}: data must be a Uint8Array or a Uint8ClampedArray`,
    );
  }
  const pixels = width * height;
  if (data.length === 3 * pixels) {
    return { width, height, data: asBytes(data) };
  }
  if (data.length !== 4 * pixels) {
    throw new TypeError(
      `a picture of ${width}x${height}: data has ${data.length} bytes, RGB takes ${
        3 * pixels
      }, RGBA ${4 * pixels}`,
    );
  }
  const rgb = new Uint8Array(3 * pixels);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return { width, height, data: rgb };
}

/** The same memory as a `Uint8Array`; a copy where it is shared between threads. */
function asBytes(
  data: Uint8ClampedArray | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = data;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(data);
}
