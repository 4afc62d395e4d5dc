/**
 * PyTorch's classes of storages, `torch.FloatStorage` and others, by the types of their elements.
 *
 * Source: PyTorch 2.6, `torch/__init__.py`, `torch/storage.py`.
 *
 * @module
 */

import { type DType, itemSize } from "../formats/elements.ts";

const READ: Readonly<Record<string, DType>> = {
  Float: "float32",
  Half: "float16",
  BFloat16: "bfloat16",
  Double: "float64",
  Long: "int64",
  Int: "int32",
  Short: "int16",
  Char: "int8",
  Byte: "uint8",
  Bool: "bool",
};

/** Types that aren't read, with the bytes of an element: legacy files need the lengths. */
const UNREAD: Readonly<Record<string, readonly [dtype: string, size: number]>> =
  {
    ComplexFloat: ["complex64", 8],
    ComplexDouble: ["complex128", 16],
    QInt8: ["quantised", 1],
    QUInt8: ["quantised", 1],
    QInt32: ["quantised", 4],
    QUInt4x2: ["quantised", 1],
    QUInt2x4: ["quantised", 1],
    Untyped: ["untyped", 1],
  };

/** An element type of a storage. */
export type StorageType =
  | { readonly isRead: true; readonly dtype: DType; readonly itemSize: number }
  | {
    readonly isRead: false;
    readonly dtype: string;
    /** NaN if it isn't known. */
    readonly itemSize: number;
  };

/** A storage whose elements aren't read. */
export class ForeignStorage {
  constructor(
    readonly key: string,
    readonly dtype: string,
    readonly length: number,
    readonly itemSize: number,
  ) {}

  /** Length in bytes; NaN if it isn't known. */
  get byteLength(): number {
    return this.length * this.itemSize;
  }
}

/** The type that a class of storages stands for. */
export function storageTypeOf(path: string): StorageType {
  const [, name = path] = /^torch\.(?:cuda\.|storage\.)?(\w+)Storage$/
    .exec(path) ?? [];
  if (Object.hasOwn(READ, name)) {
    const dtype = READ[name];
    return { isRead: true, dtype, itemSize: itemSize(dtype) };
  }
  const [dtype, size] = Object.hasOwn(UNREAD, name)
    ? UNREAD[name]
    : [name, NaN];
  return { isRead: false, dtype, itemSize: size };
}

/** The type that `torch.float32` and its like stand for, if it is read. */
export function dtypeOfTorch(path: string): DType | undefined {
  return [...Object.values(READ), "uint16" as const, "uint32" as const]
    .find((dtype) => path === `torch.${dtype}`);
}
