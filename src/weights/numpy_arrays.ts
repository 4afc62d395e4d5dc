/**
 * NumPy's arrays in pickles, where they hold a tensor's values.
 *
 * Source: NumPy 1.24, `numpy/core/src/multiarray/methods.c`, `array_reduce`, `array_setstate`.
 *
 * @module
 */

import { type DType, isShape } from "../formats/elements.ts";
import { LongText, PythonObject } from "./pickle_values.ts";
import { Storage, TensorView, UnreadTensor } from "./tensor_view.ts";

const DTYPES: Readonly<Record<string, DType>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  b1: "bool",
};

/** Whether an object is an array. */
export function isNumpyArray({ path }: PythonObject): boolean {
  return /^numpy\..*\.(_reconstruct|_frombuffer)$/.test(path);
}

/** An array as a tensor, whose values are in the pickle itself. */
export function tensorOfArray(array: unknown): TensorView | UnreadTensor {
  const parts = array instanceof PythonObject && isNumpyArray(array)
    ? partsOf(array)
    : [];
  const [shape, type, isFortran, data] = parts;
  const dtype = dtypeOf(type), bytes = bytesOf(data);
  if (!isShape(shape) || dtype === undefined || bytes === undefined) {
    const why = "it is an array of NumPy that isn't of numbers";
    return new UnreadTensor([], "numpy.ndarray", why);
  }
  const storage = Storage.inline(bytes.length, dtype, bytes.read);
  const strides: number[] = [];
  let step = 1;
  const axes = shape.map((_, d) => d);
  for (const d of isFortran ? axes : axes.reverse()) {
    strides[d] = step;
    step *= shape[d];
  }
  return TensorView.within(storage, 0, Object.freeze(shape), strides);
}

/** `(version, shape, dtype, isFortran, data)`, or protocol 5's `(data, dtype, shape, order)`. */
function partsOf({ path, args, state }: PythonObject): unknown[] {
  if (path.endsWith("_frombuffer")) {
    const [data, dtype, shape, order] = args;
    return [shape, dtype, order === "F", data];
  }
  return Array.isArray(state) ? state.slice(1) : [];
}

/** `dtype("f4", …)` with the state `(3, "<", …)`. */
function dtypeOf(type: unknown): DType | undefined {
  if (!(type instanceof PythonObject)) return undefined;
  const [, order] = Array.isArray(type.state) ? type.state : [];
  const [name] = type.args;
  return order !== ">" && typeof name === "string" &&
      Object.hasOwn(DTYPES, name)
    ? DTYPES[name]
    : undefined;
}

/** Bytes, or `_codecs.encode(text, "latin1")` in protocol 2. */
function bytesOf(
  data: unknown,
): { length: number; read: () => Uint8Array<ArrayBuffer> } | undefined {
  if (data instanceof Uint8Array) {
    const bytes = data as Uint8Array<ArrayBuffer>;
    return { length: bytes.length, read: () => bytes };
  }
  if (!(data instanceof PythonObject) || data.path !== "_codecs.encode") {
    return undefined;
  }
  const [text] = data.args;
  if (typeof text === "string") {
    const read = () => Uint8Array.from(text, (char) => char.charCodeAt(0));
    return { length: text.length, read };
  }
  if (!(text instanceof LongText)) return undefined;
  const { utf8 } = text;
  // Latin-1 in UTF-8 has one byte, or two of which the second is 10xxxxxx.
  const length = utf8.reduce(
    (n, byte) => n + Number((byte & 0xc0) !== 0x80),
    0,
  );
  return { length, read: () => latin1(utf8, length) };
}

function latin1(utf8: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let to = 0;
  for (let at = 0; at < utf8.length; at++) {
    bytes[to++] = utf8[at] < 0x80
      ? utf8[at]
      : (utf8[at] & 3) << 6 | utf8[++at] & 0x3f;
  }
  return bytes;
}
