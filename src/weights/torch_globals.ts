/**
 * The globals that mean something in a checkpoint's pickle: the parts of a state dict. All others
 * become inert objects.
 *
 * Source: PyTorch 1.13 and 2.6, `torch/_utils.py`, `torch/_tensor.py`; what 0.1 wrote: `variable.py` and
 * `csrc/autograd/variable.cpp` of 0.1.7.
 *
 * @module
 */

import type { Fail } from "../errors/fail.ts";
import { isCount, isShape } from "../formats/elements.ts";
import { tensorOfArray } from "./numpy_arrays.ts";
import type { PickleFunction } from "./pickle_machine.ts";
import { Global, PickleObject, PythonObject } from "./pickle_values.ts";
import {
  dtypeOfTorch,
  ForeignStorage,
  storageTypeOf,
} from "./storage_types.ts";
import { Storage, TensorView, UnreadTensor } from "./tensor_view.ts";

/** A parameter; in PyTorch 0.1 a variable. */
export class Parameter extends PickleObject {
  /** @param tensor Missing in the oldest files, which have it in the state. */
  constructor(public tensor: unknown) {
    super();
  }

  /** `(requires_grad, volatile, hooks)`, before 0.1.9 `(data, grad, hooks, requires_grad, volatile)`. */
  override setState(state: unknown): void {
    if (Array.isArray(state) && state.length === 5) this.tensor = state[0];
  }
}

/** `_rebuild_tensor(storage, storage_offset, size, stride)`; `_v2` has more, not needed here. */
const rebuildTensor: PickleFunction = (args) => {
  const [storage, offset, shape, strides] = args;
  if (storage instanceof ForeignStorage) {
    return unread(shape, storage.dtype, `it is ${storage.dtype}`);
  }
  if (
    !(storage instanceof Storage) || !isCount(offset) || !isShape(shape) ||
    !isShape(strides) || shape.length !== strides.length
  ) {
    return unread(
      shape,
      "unknown",
      "its storage, shape or strides are invalid",
    );
  }
  // Frozen, so that the pickle can't change what was checked.
  return TensorView.within(
    storage,
    offset,
    Object.freeze(shape),
    Object.freeze(strides),
  );
};

/** `_rebuild_tensor_v3`, for types without a storage of their own, has the type as its seventh. */
const rebuildTyped: PickleFunction = ([untyped, ...rest], fail) => {
  const dtype = rest[5] instanceof Global ? rest[5].path : "unknown";
  const known = dtypeOfTorch(dtype);
  if (!(untyped instanceof ForeignStorage) || known === undefined) {
    return unread(rest[1], dtype, `it is ${dtype}`);
  }
  const { key, length } = untyped;
  return rebuildTensor([Storage.ofBytes(key, known, length), ...rest], fail);
};

/**
 * The storage of a persistent id, `("storage", type, key, location, length, …)`. The id of a class,
 * `("module", class, file, source)`, stands for the class.
 */
export function storageOf(
  id: unknown,
  fail: Fail,
): unknown {
  const [kind, type, key, , length] = Array.isArray(id) ? id : [];
  if (kind === "module" && type instanceof Global) return type;
  if (
    kind !== "storage" || !(type instanceof Global) ||
    typeof key !== "string" || !isCount(length)
  ) {
    throw fail("a persistent id names no storage");
  }
  const { dtype, itemSize, isRead } = storageTypeOf(type.path);
  return isRead
    ? new Storage(key, dtype, length)
    : new ForeignStorage(key, dtype, length, itemSize);
}

/** The tensor is the first argument. */
const firstArgument: PickleFunction = ([data]) => data;

/** `_rebuild_from_type_v2(function, type, arguments, state)`. */
const rebuildFromType: PickleFunction = ([rebuild, type, args], fail) => {
  if (typeof rebuild === "function" && Array.isArray(args)) {
    return (rebuild as PickleFunction)(args, fail);
  }
  const { path } = type instanceof Global ? type : new Global("a tensor class");
  const shape = Array.isArray(args) ? args.find(isShape) : undefined;
  return unread(shape, path, `it is a ${path}`);
};

/** `_rebuild_device_tensor_from_numpy(array, dtype, device, requires_grad)`: of TPUs and the like. */
const rebuildFromNumpy: PickleFunction = ([array]) => tensorOfArray(array);

const parameter: PickleFunction = ([data]) => new Parameter(data);

/** `OrderedDict()`, in Python 2 `OrderedDict([[key, value], …])`. */
const orderedDict: PickleFunction = ([items = []]) => {
  const dict = new Map<unknown, unknown>();
  if (!Array.isArray(items) || Object.isFrozen(items)) return dict;
  // The list is emptied, so that a short pickle can't copy a long one many times.
  for (const item of items.splice(0)) {
    if (Array.isArray(item)) dict.set(item[0], item[1]);
  }
  return dict;
};

const size: PickleFunction = ([dimensions]) =>
  isShape(dimensions)
    ? Object.freeze(dimensions)
    : new PythonObject("torch.Size", []);

/** Some kind of dict, whose items follow. */
const emptyDict: PickleFunction = () => new Map();

const counter: PickleFunction = ([counts]) =>
  counts instanceof Map ? counts : new Map();

/** A kind of tensor whose values aren't read; `index` is the argument that has its size. */
const foreign = (kind: string, index: number): PickleFunction => (args) =>
  unread(args[index], kind, `it is ${kind}`);

function unread(shape: unknown, dtype: string, why: string): UnreadTensor {
  return new UnreadTensor(isShape(shape) ? shape : [], dtype, why);
}

/** All of them, by `module.name`. */
export const torchGlobals: ReadonlyMap<string, PickleFunction> = new Map([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor_v3", rebuildTyped],
  ["torch._utils._rebuild_parameter", firstArgument],
  ["torch._utils._rebuild_parameter_with_state", firstArgument],
  ["torch._tensor._rebuild_from_type", rebuildFromType],
  ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
  ["torch.tensor._rebuild_from_type", rebuildFromType],
  ["torch._utils._rebuild_device_tensor_from_numpy", rebuildFromNumpy],
  ["torch._utils._rebuild_xla_tensor", rebuildFromNumpy],
  ["torch._utils._rebuild_device_tensor_from_cpu_tensor", firstArgument],
  ["torch._utils._rebuild_qtensor", foreign("quantised", 2)],
  ["torch._utils._rebuild_sparse_tensor", foreign("sparse", -1)],
  ["torch._utils._rebuild_sparse_csr_tensor", foreign("sparse", -1)],
  ["torch._utils._rebuild_nested_tensor", foreign("nested", -1)],
  [
    "torch._utils._rebuild_meta_tensor_no_storage",
    foreign("on the meta device, without values", 1),
  ],
  ["torch.nn.parameter.Parameter", parameter],
  ["torch.autograd.variable.Variable", parameter],
  ["torch.Size", size],
  ["collections.Counter", counter],
  ["collections.defaultdict", emptyDict],
]);
