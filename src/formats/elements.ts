/**
 * The element types of arrays in files, and typed arrays from bytes.
 *
 * Typed arrays have the machine's byte order, which these functions take to be little-endian, as it
 * is wherever JavaScript runs today.
 *
 * @module
 */

import { decodeBfloat16, decodeFloat16 } from "./float16.ts";

/** An element type, by its name in NumPy and PyTorch. */
export type DType =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64";

/** The elements of an array. */
export type ElementArray =
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** The typed array of each element type in a file; 16-bit floats are bit patterns. */
const STORED = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Bytes of one element. */
export function itemSize(dtype: DType): number {
  return STORED[dtype].BYTES_PER_ELEMENT;
}

/** Whether a value from a file is a valid length or index. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value from a file is a valid shape; NumPy and PyTorch have at most 64 dimensions. */
export function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isCount);
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/**
 * The elements in `bytes`, whose length must be a multiple of the item size.
 *
 * 16-bit floats become a `Float32Array`, bools 0 and 1. Shares memory with `bytes` where possible.
 */
export function decodeElements(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: DType,
  littleEndian = true,
): ElementArray {
  const stored = storedElements(bytes, dtype, littleEndian);
  if (dtype === "float16") return decodeFloat16(stored as Uint16Array);
  if (dtype === "bfloat16") return decodeBfloat16(stored as Uint16Array);
  return stored;
}

/** The same, with 16-bit floats as bit patterns in a `Uint16Array`. */
export function storedElements(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: DType,
  littleEndian = true,
): ElementArray {
  const size = itemSize(dtype);
  if (bytes.byteOffset % size !== 0) bytes = bytes.slice();
  if (!littleEndian && size > 1) bytes = swapBytes(bytes, size);
  return new STORED[dtype](
    bytes.buffer,
    bytes.byteOffset,
    bytes.length / size,
  );
}

/** The elements rounded to float32; a `Float32Array` is returned as it is. */
export function toFloat32(data: ElementArray): Float32Array<ArrayBuffer> {
  if (data instanceof Float32Array) return data;
  return data instanceof BigInt64Array
    ? Float32Array.from(data, Number)
    : new Float32Array(data);
}

/** Whether strides, in elements, are those of C order. */
export function isCOrder(
  shape: readonly number[],
  strides: readonly number[],
): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && strides[d] !== expected) return false;
    expected *= shape[d];
  }
  return true;
}

/**
 * Copies a strided view into C order.
 *
 * @param strides Elements, not bytes, between neighbours along each dimension.
 * @param offset Index of the view's first element in `data`.
 */
export function gather<T extends ElementArray>(
  data: T,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): T {
  const ElementType = data.constructor as new (length: number) => T;
  const result = new ElementType(elementCount(shape));
  const outer = Math.max(0, shape.length - 1);
  const rowLength = shape[outer] ?? 1;
  const step = strides[outer] ?? 1;
  const index = new Array<number>(outer).fill(0);
  let from = offset;
  for (let to = 0; to < result.length; to += rowLength) {
    for (let i = 0; i < rowLength; i++) result[to + i] = data[from + i * step];
    for (let d = outer - 1; d >= 0; d--) {
      from += strides[d];
      if (++index[d] < shape[d]) break;
      from -= shape[d] * strides[d];
      index[d] = 0;
    }
  }
  return result;
}

function swapBytes(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
): Uint8Array<ArrayBuffer> {
  const swapped = bytes.slice();
  for (let at = 0; at < swapped.length; at += size) {
    swapped.subarray(at, at + size).reverse();
  }
  return swapped;
}
