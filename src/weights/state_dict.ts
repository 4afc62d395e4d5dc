/**
 * What PyTorch's pickles refer to, storages and tensors as views of them, and where in what
 * was saved the state dict is. Common to all generations of `.pth`.
 *
 * Source: PyTorch 1.13, `torch/_utils.py`, `torch/serialization.py`.
 *
 * @module
 */

import { quoted } from "../arch/nearest.ts";
import {
  decodeElements,
  type DType,
  gather,
  isCOrder,
  isCount,
  isShape,
  itemSize,
  toFloat32,
} from "../formats/elements.ts";
import type { Fail, PickleFunction, PickleWorld } from "./pickle.ts";

/** A class of storages, `torch.FloatStorage`: what it says is the element type. */
class StorageType {
  constructor(readonly dtype: DType) {}
}

/** A run of elements that tensors are views of. */
export class Storage {
  /** A storage as a persistent id gives it; nothing is read. */
  constructor(
    /** Names it within the file. */
    readonly key: string,
    /** Type of its elements. */
    readonly dtype: DType,
    /** Number of elements. */
    readonly length: number,
  ) {}

  /** Length in bytes. */
  get byteLength(): number {
    return this.length * itemSize(this.dtype);
  }
}

/** A strided view of a storage; it lies within it. */
export class TensorView {
  /** A view whose shape and strides have been checked. */
  constructor(
    /** What it is a view of. */
    readonly storage: Storage,
    /** Index of the first element in the storage. */
    readonly offset: number,
    /** In PyTorch's order. */
    readonly shape: readonly number[],
    /** In elements. */
    readonly strides: readonly number[],
  ) {}

  /** Elements from the first to the last of the view. */
  get span(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce(
      (span, length, d) => span + (length - 1) * this.strides[d],
      1,
    );
  }

  /** The values in C order, from the bytes of the view's span. */
  toFloat32(
    bytes: Uint8Array<ArrayBuffer>,
    littleEndian: boolean,
  ): Float32Array<ArrayBuffer> {
    const { shape, strides, storage } = this;
    const elements = decodeElements(bytes, storage.dtype, littleEndian);
    return toFloat32(
      isCOrder(shape, strides) ? elements : gather(elements, shape, strides),
    );
  }
}

const STORAGE_TYPES: Readonly<Record<string, DType>> = {
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  DoubleStorage: "float64",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** `_rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)`. */
const rebuildTensor: PickleFunction = (args, fail) => {
  const [storage, offset, shape, strides] = args;
  if (
    !(storage instanceof Storage) || !isCount(offset) || !isShape(shape) ||
    !isShape(strides) || shape.length !== strides.length
  ) {
    throw fail("_rebuild_tensor_v2 with arguments that make no tensor");
  }
  const view = new TensorView(storage, offset, [...shape], [...strides]);
  // Negated, so that a span beyond all numbers, Infinity or NaN, is refused too.
  if (!(offset + view.span <= storage.length)) {
    throw fail(
      `a tensor of shape [${shape.join(", ")}] and strides [${
        strides.join(", ")
      }] from element ${offset} on does not fit its storage of ${storage.length}`,
    );
  }
  return view;
};

/** `_rebuild_parameter(data, requires_grad, backward_hooks)`: the tensor. */
const rebuildParameter: PickleFunction = ([tensor], fail) => {
  if (tensor instanceof TensorView) return tensor;
  throw fail("_rebuild_parameter of what is no tensor");
};

const orderedDict: PickleFunction = (args, fail) => {
  if (args.length === 0) return new Map();
  throw fail("OrderedDict with arguments, torch.save gives it none");
};

const size: PickleFunction = ([dimensions], fail) => {
  if (isShape(dimensions)) return [...dimensions];
  throw fail("torch.Size of what is no shape");
};

/** The globals and the persistent ids of a state dict. */
export const torchWorld: PickleWorld = {
  globals: new Map<string, unknown>([
    ["collections.OrderedDict", orderedDict],
    ["torch._utils._rebuild_tensor_v2", rebuildTensor],
    ["torch._utils._rebuild_parameter", rebuildParameter],
    ["torch.Size", size],
    ...Object.entries(STORAGE_TYPES).map(([name, dtype]) =>
      [`torch.${name}`, new StorageType(dtype)] as const
    ),
  ]),
  /** `("storage", type, key, location, length)`. */
  persistent(id, fail) {
    const [kind, type, key, , length] = Array.isArray(id) ? id : [];
    if (
      kind !== "storage" || !(type instanceof StorageType) ||
      typeof key !== "string" || !isCount(length)
    ) {
      throw fail("a persistent id that names no storage");
    }
    return new Storage(key, type.dtype, length);
  },
};

/** Where training scripts put a state dict among other things. */
const WRAPPERS = ["state_dict", "model", "model_state_dict"];

/**
 * The tensors of a state dict, given itself or in a training script's checkpoint, which may
 * hold tensors of its own beside it. What is no tensor is left out.
 *
 * @throws {SyntaxError} If there are no tensors.
 */
export function findStateDict(
  saved: unknown,
  fail: Fail,
): Map<string, TensorView> {
  const top = saved instanceof Map ? saved : new Map<unknown, unknown>();
  for (const candidate of [...WRAPPERS.map((key) => top.get(key)), top]) {
    const tensors = tensorsOf(candidate);
    if (tensors.size > 0) return tensors;
  }
  const keys = [...top.keys()].filter((key) => typeof key === "string");
  throw fail(
    `no state dict: tensors are looked for at the top and under ${
      quoted(WRAPPERS)
    }, there is ${quoted(keys.slice(0, 8)).slice(0, 200) || "no dict"}`,
  );
}

function tensorsOf(dict: unknown): Map<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  if (!(dict instanceof Map)) return tensors;
  for (const [name, value] of dict) {
    if (typeof name === "string" && value instanceof TensorView) {
      tensors.set(name, value);
    }
  }
  return tensors;
}
