/**
 * Pictures in tensors, as tfjs's `browser.fromPixels` makes and `browser.toPixels` takes them.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";

/**
 * A tfjs `Tensor3D`, `[H, W, 3]` or `[H, W, 4]`: int32 of levels 0..255, or float32 in 0..1. It stays
 * the caller's.
 */
export interface TensorPicture {
  /** `[H, W, C]`. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** `"int32"` or `"float32"`. */
  readonly dtype: string;
  /** Whether its memory was given back. */
  readonly isDisposed: boolean;
  /** Its values. */
  dataSync(): ArrayLike<number>;
}

/** Whether a value is a tensor of any shape. */
export function isTensor(value: object): value is TensorPicture {
  return "dtype" in value && "dataSync" in value;
}

/**
 * The levels of a tensor's pixels, rounded to the nearest.
 *
 * @throws {TypeError} If it has another shape or type.
 * @throws {RangeError} If a value is out of range.
 * @throws {Error} If it was disposed.
 */
export function levelsOf(tensor: TensorPicture): {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
} {
  const { shape, dtype } = tensor;
  const [height, width, channels] = shape;
  if (shape.length !== 3 || channels !== 3 && channels !== 4) {
    const advice = shape.length as number === 4
      ? "a batch goes into the network without preprocess"
      : "";
    throw new TypeError(expected("", "a picture [H, W, 3]", shape, advice));
  }
  if (dtype !== "int32" && dtype !== "float32") {
    const what = "a picture of int32 or float32";
    throw new TypeError(expected("", what, asIs(dtype)));
  }
  if (tensor.isDisposed) {
    throw new Error("expected a live tensor; this one was disposed");
  }
  const isFloat = dtype === "float32";
  const [most, scale] = isFloat ? [1, 255] : [255, 1];
  const values = tensor.dataSync();
  const data = new Uint8Array(values.length);
  for (let i = 0; i < data.length; i++) {
    const value = values[i];
    if (!(value >= 0 && value <= most)) {
      throw new RangeError(expected(
        "",
        `${dtype} values in 0..${most}`,
        value,
        isFloat ? "levels of 0..255 are int32" : "",
      ));
    }
    data[i] = Math.round(value * scale);
  }
  return { width, height, data };
}
