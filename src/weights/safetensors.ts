/**
 * Hugging Face's safetensors: the length of a JSON header, the header, the tensors' elements.
 *
 * Source: `safetensors/src/tensor.rs` of https://github.com/huggingface/safetensors, 0.4.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { type Fail, failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import {
  type DType,
  elementCount,
  isCount,
  isShape,
  itemSize,
} from "../formats/elements.ts";
import { isRecord, type Json, parseJsonObject } from "../formats/json.ts";
import type { Checkpoint } from "./checkpoint.ts";
import {
  type FileTensor,
  Storage,
  TensorView,
  UnreadTensor,
  viewsCheckpoint,
} from "./tensor_view.ts";

const DTYPES: Readonly<Record<string, DType>> = {
  BOOL: "bool",
  U8: "uint8",
  I8: "int8",
  U16: "uint16",
  I16: "int16",
  F16: "float16",
  BF16: "bfloat16",
  U32: "uint32",
  I32: "int32",
  F32: "float32",
  F64: "float64",
  I64: "int64",
};

/** Bytes of the header's length. */
const PREAMBLE = 8;

/** Longest header to read, in bytes; a resnet152's has under 100 KB. */
const MAX_HEADER = 4 * 2 ** 20;

/** Whether a file has this format, from its first bytes as Latin-1: a short JSON header. */
export function isSafetensors(head: string): boolean {
  return head.startsWith("\0\0\0\0{", 4);
}

/** A tensor of the header. */
export interface PlacedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/** What stands before the tensors' data. */
export interface SafetensorsHeader {
  /** The tensors in the order of their data. */
  readonly placed: readonly PlacedTensor[];
  /** Texts by name. */
  readonly metadata: Json;
  /** Byte at which the data start. */
  readonly dataOffset: number;
}

/**
 * Reads the header.
 *
 * @throws {SyntaxError} If it is cut short, or isn't such a header.
 */
export async function readSafetensorsHeader(
  source: ByteSource,
): Promise<SafetensorsHeader> {
  const fail = failReading(source.name);
  if (source.size < PREAMBLE) throw fail("it is cut short");
  const preamble = await source.read(0, PREAMBLE);
  const length = Number(new DataView(preamble.buffer).getBigUint64(0, true));
  const dataOffset = PREAMBLE + length;
  if (length > MAX_HEADER || dataOffset > source.size) {
    const most = Math.min(MAX_HEADER, source.size - PREAMBLE);
    throw fail(expected("header", `at most ${most} bytes`, length));
  }
  return {
    ...parseHeader(await source.read(PREAMBLE, length), fail),
    dataOffset,
  };
}

/**
 * Opens such a file. Tensors are read on demand.
 *
 * @param source What the file is read from; closed with the checkpoint.
 * @throws {SyntaxError} If it is cut short, or the tensors leave gaps or overlap.
 */
export async function openSafetensors(source: ByteSource): Promise<Checkpoint> {
  const fail = failReading(source.name);
  const { placed, dataOffset } = await readSafetensorsHeader(source);
  const tensors = new Map<string, FileTensor>();
  let at = 0;
  for (const { name, dtype, shape, begin, end } of placed) {
    if (begin !== at) {
      throw fail(expected(`"${name}"`, `data at byte ${at}`, begin));
    }
    at = end;
    const type = safetensorsType(dtype);
    if (type === undefined) {
      const why = `it is ${dtype}; convert it to F32`;
      tensors.set(name, new UnreadTensor(shape, dtype, why));
      continue;
    }
    const count = elementCount(shape), length = count * itemSize(type);
    if (end - begin !== length) {
      const what = `${length} bytes of ${type} [${shape.join(", ")}]`;
      throw fail(expected(`"${name}"`, what, end - begin));
    }
    const storage = new Storage(String(begin), type, count);
    const view = TensorView.within(storage, 0, shape, cOrder(shape));
    tensors.set(name, view);
  }
  if (at !== source.size - dataOffset) {
    const rest = source.size - dataOffset;
    throw fail(expected("", `${at} bytes of tensors`, rest));
  }
  const range = ({ storage }: TensorView) => ({
    offset: dataOffset + Number(storage.key),
    length: storage.byteLength,
  });
  return viewsCheckpoint(source, tensors, {
    littleEndian: true,
    range,
    read(view) {
      const { offset, length } = range(view);
      return source.read(offset, length);
    },
  });
}

/** The format's name of a data type; undefined for one that isn't read. */
export function safetensorsType(dtype: string): DType | undefined {
  return Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype] : undefined;
}

function parseHeader(
  bytes: Uint8Array,
  fail: Fail,
): Omit<SafetensorsHeader, "dataOffset"> {
  const { __metadata__: metadata, ...tensors } = parseJsonObject(bytes, fail);
  const placed = Object.entries(tensors).map(([name, tensor]): PlacedTensor => {
    const { dtype, shape, data_offsets: offsets } = isRecord(tensor)
      ? tensor
      : {};
    if (!isShape(shape) || !isRange(offsets)) {
      throw fail(`"${name}": expected dtype, shape and data_offsets`);
    }
    if (typeof dtype !== "string") {
      throw fail(`"${name}": ${expected("dtype", "a string", dtype)}`);
    }
    const [begin, end] = offsets;
    return { name, dtype, shape, begin, end };
  });
  if (placed.length === 0) throw fail("it has no tensors");
  placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  return { placed, metadata: isRecord(metadata) ? metadata : {} };
}

function cOrder(shape: readonly number[]): number[] {
  return shape.map((_, d) => elementCount(shape.slice(d + 1)));
}

function isRange(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(isCount) &&
    value[0] <= value[1];
}
