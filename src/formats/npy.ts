/**
 * NumPy's `.npy` format: one array with its shape and element type.
 *
 * Source: NumPy 1.24, `numpy/lib/format.py`.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import { concat } from "./concat.ts";
import {
  decodeElements,
  type DType,
  type ElementArray,
  elementCount,
  gather,
  isShape,
  itemSize,
} from "./elements.ts";

/** An array as read from a `.npy` file. */
export interface NpyArray {
  /** Dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** The type in the file. */
  readonly dtype: DType;
  /** The elements in C order; `"float16"` as float32, `"bool"` as 0 and 1. */
  readonly data: ElementArray;
}

/** The header of a `.npy` file. */
export interface NpyHeader {
  /** Dimensions; empty for a scalar. */
  readonly shape: readonly number[];
  /** The element type. */
  readonly dtype: DType;
  /** Byte order of the elements. */
  readonly littleEndian: boolean;
  /** Whether elements that differ in the first index are neighbours, not in the last. */
  readonly fortranOrder: boolean;
  /** Byte at which the elements start. */
  readonly dataOffset: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/** NumPy's type codes; bfloat16 has none. */
const DTYPE_OF_CODE: Readonly<Record<string, DType>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/** One of the header's three keys, with a value of its kind. */
const HEADER_ITEM =
  /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(['"])([<>=|]?)([A-Za-z]\d*)\3|(True|False)|\(([\d\s,]*)\))\s*(,|(?=\}))/y;
const SHAPE = /^\s*(?:|\d+\s*,|\d+(?:\s*,\s*\d+)+\s*,?)\s*$/;

/** The bytes before the elements, as NumPy writes them: version 1.0, little-endian, C order. */
export function npyHeader(
  dtype: DType,
  shape: readonly number[],
): Uint8Array<ArrayBuffer> {
  const code = Object.keys(DTYPE_OF_CODE)
    .find((code) => DTYPE_OF_CODE[code] === dtype);
  if (code === undefined) {
    throw new TypeError(
      `cannot write ${dtype} as .npy: NumPy has no such type`,
    );
  }
  const order = itemSize(dtype) === 1 ? "|" : "<";
  return headerOf(`${order}${code}`, shape);
}

/** The same for UTF-32 strings of this many characters, shorter ones padded with zeros. */
export function npyTextHeader(
  characters: number,
  shape: readonly number[],
): Uint8Array<ArrayBuffer> {
  return headerOf(`<U${characters}`, shape);
}

function headerOf(
  descr: string,
  shape: readonly number[],
): Uint8Array<ArrayBuffer> {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const literal =
    `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  const preamble = MAGIC.length + 4;
  const total = Math.ceil((preamble + literal.length + 1) / 64) * 64;
  const header = new Uint8Array(total).fill(0x20);
  header.set([...MAGIC, 1, 0]);
  new DataView(header.buffer).setUint16(8, total - preamble, true);
  header.set(new TextEncoder().encode(literal), preamble);
  header[total - 1] = 0x0a;
  return header;
}

/**
 * A whole `.npy` file.
 *
 * @param data The elements in C order.
 * @param dtype The element type, if it isn't the array's: `"float16"` for bit patterns in a
 *   `Uint16Array`, `"bool"` for 0 and 1 in a `Uint8Array`.
 * @throws {RangeError} If the number of elements isn't that of the shape.
 */
export function encodeNpy(
  data: ElementArray,
  shape: readonly number[],
  dtype: DType = dtypeOf(data),
): Uint8Array<ArrayBuffer> {
  if (elementCount(shape) !== data.length) {
    const elements = `${elementCount(shape)} elements for shape [${
      shape.join(", ")
    }]`;
    throw new RangeError(expected("encodeNpy", elements, data.length));
  }
  return concat([
    npyHeader(dtype, shape),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
}

/**
 * Reads a whole `.npy` file. The elements may share memory with `bytes`.
 *
 * @param source The file's name, for messages.
 * @param decode Makes elements of the bytes.
 * @throws {SyntaxError} If it isn't a numeric `.npy` file, or has the wrong length.
 */
export function decodeNpy(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  decode: typeof decodeElements = decodeElements,
): NpyArray {
  const header = parseNpyHeader(bytes, source);
  const { shape, dtype, littleEndian, fortranOrder, dataOffset } = header;
  const length = elementCount(shape) * itemSize(dtype);
  if (bytes.length - dataOffset !== length) {
    const what = `${length} bytes of ${dtype} [${shape.join(", ")}]`;
    throw failReading(source)(
      expected("", what, bytes.length - dataOffset),
    );
  }
  const data = decode(
    bytes.subarray(dataOffset),
    dtype,
    littleEndian,
  );
  return { shape, dtype, data: fortranOrder ? toCOrder(data, shape) : data };
}

/**
 * Reads the header; `bytes` may end right after it.
 *
 * @throws {SyntaxError} If it isn't the header of a numeric array.
 */
export function parseNpyHeader(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
): NpyHeader {
  const fail = failReading(source);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw fail("it doesn't start with the .npy signature");
  }
  const version = bytes[6];
  if (!(version >= 1 && version <= 3)) {
    throw fail(expected("", ".npy version 1, 2 or 3", version));
  }
  const preamble = version === 1 ? 10 : 12;
  if (bytes.length < preamble) throw fail("the .npy header is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const dataOffset = preamble +
    (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < dataOffset) throw fail("the .npy header is cut short");

  const text = new TextDecoder().decode(bytes.subarray(preamble, dataOffset))
    .trimEnd();
  const values = parseHeaderLiteral(text);
  if (values === undefined) {
    throw fail("its header isn't that of a numeric array");
  }
  const dtype = DTYPE_OF_CODE[values.code];
  if (dtype === undefined) {
    throw fail(
      `its elements have type "${values.code}"; expected numbers or booleans`,
    );
  }
  const { shape, fortranOrder } = values;
  if (!isShape(shape)) {
    throw fail("its shape is too large");
  }
  return {
    shape,
    dtype,
    littleEndian: values.order !== ">",
    fortranOrder,
    dataOffset,
  };
}

function parseHeaderLiteral(text: string) {
  let order: string | undefined;
  let code: string | undefined;
  let fortranOrder: boolean | undefined;
  let shape: number[] | undefined;
  if (!text.startsWith("{")) return undefined;
  HEADER_ITEM.lastIndex = 1;
  for (let keys = 0; keys < 3; keys++) {
    const match = HEADER_ITEM.exec(text);
    if (match === null) return undefined;
    const [, , key, , orderValue, codeValue, bool, tuple] = match;
    if (key === "descr" && codeValue !== undefined) {
      [order, code] = [orderValue, codeValue];
    } else if (key === "fortran_order" && bool !== undefined) {
      fortranOrder = bool === "True";
    } else if (key === "shape" && tuple !== undefined && SHAPE.test(tuple)) {
      shape = (tuple.match(/\d+/g) ?? []).map(Number);
    } else return undefined;
    if (keys === 2 && !/^\s*\}$/.test(text.slice(HEADER_ITEM.lastIndex))) {
      return undefined;
    }
  }
  if (
    order === undefined || code === undefined ||
    fortranOrder === undefined || shape === undefined
  ) return undefined;
  return { order, code, fortranOrder, shape };
}

function toCOrder(data: ElementArray, shape: readonly number[]): ElementArray {
  const strides: number[] = [];
  let stride = 1;
  for (const dimension of shape) {
    strides.push(stride);
    stride *= dimension;
  }
  return gather(data, shape, strides);
}

function dtypeOf(data: ElementArray): DType {
  return data[Symbol.toStringTag].replace(/^Big|Array$/g, "")
    .toLowerCase() as DType;
}
