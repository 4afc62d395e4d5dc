/**
 * The globals that a checkpoint's pickle may name: the parts of a state dict, and what training
 * scripts save beside one, which becomes inert data. All others are rejected.
 *
 * Source: PyTorch 1.13, `torch/_utils.py`, `torch/_tensor.py`; what 0.1 wrote: `variable.py` and
 * `csrc/autograd/variable.cpp` of 0.1.7; torchvision's `references/classification/train.py`;
 * Lightning's `checkpoint_connector.py`.
 *
 * @module
 */

import type { Fail } from "../errors/fail.ts";
import { type DType, isCount, isShape } from "../formats/elements.ts";
import { type PickleFunction, PickleObject } from "./pickle_machine.ts";
import { Storage, TensorView } from "./tensor_view.ts";

/** A class of storages such as `torch.FloatStorage`, which stands for an element type. */
export class StorageType {
  constructor(readonly dtype: DType) {}
}

/** A parameter; in PyTorch 0.1 a variable. */
export class Parameter extends PickleObject {
  /** @param tensor Missing in the oldest files, which have it in the state. */
  constructor(public tensor?: TensorView) {
    super();
  }

  /** `(requires_grad, volatile, hooks)`, before 0.1.9 `(data, grad, hooks, requires_grad, volatile)`. */
  override setState(state: unknown, fail: Fail): void {
    if (!Array.isArray(state)) {
      throw fail("Parameter: expected a tuple as its state");
    }
    if (state.length === 5) this.tensor = tensorOf(state[0], fail);
  }
}

/** Values without a use here: options, devices, NumPy's scalars. */
class Inert extends PickleObject {
  override setState(): void {}
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

function tensorOf(value: unknown, fail: Fail): TensorView {
  if (value instanceof TensorView) return value;
  throw fail("Parameter: expected a tensor");
}

/** `_rebuild_tensor(storage, storage_offset, size, stride)`; `_v2` has more, not needed here. */
const rebuildTensor: PickleFunction = (args, fail) => {
  const [storage, offset, shape, strides] = args;
  if (
    !(storage instanceof Storage) || !isCount(offset) || !isShape(shape) ||
    !isShape(strides) || shape.length !== strides.length
  ) {
    throw fail("_rebuild_tensor: invalid arguments");
  }
  // Frozen, so that the pickle can't change what was checked.
  return new TensorView(
    storage,
    offset,
    Object.freeze(shape),
    Object.freeze(strides),
    fail,
  );
};

/** The storage of a persistent id, `("storage", type, key, location, length, …)`. */
export function storageOf(id: unknown, fail: Fail): Storage {
  const [kind, type, key, , length] = Array.isArray(id) ? id : [];
  if (
    kind !== "storage" || !(type instanceof StorageType) ||
    typeof key !== "string" || !isCount(length)
  ) {
    throw fail("a persistent id names no storage");
  }
  return new Storage(key, type.dtype, length);
}

/** `_rebuild_parameter(data, requires_grad, backward_hooks)`. */
const rebuildParameter: PickleFunction = ([data], fail) => tensorOf(data, fail);

/** `Parameter(data)`, or `Parameter()` where the state has the data. */
const parameter: PickleFunction = ([data], fail) =>
  new Parameter(data === undefined ? undefined : tensorOf(data, fail));

/** `OrderedDict()`, in Python 2 `OrderedDict([[key, value], …])`. */
const orderedDict: PickleFunction = ([items = []], fail) => {
  if (!Array.isArray(items) || Object.isFrozen(items)) {
    throw fail("OrderedDict: expected a list");
  }
  const dict = new Map<unknown, unknown>();
  // The list is emptied, so that a short pickle can't copy a long one many times.
  for (const item of items.splice(0)) {
    if (!Array.isArray(item)) throw fail("OrderedDict: expected pairs");
    dict.set(item[0], item[1]);
  }
  return dict;
};

const size: PickleFunction = ([dimensions], fail) => {
  if (isShape(dimensions)) return Object.freeze(dimensions);
  throw fail("torch.Size: expected a shape");
};

/** Some kind of dict, whose items follow. */
const emptyDict: PickleFunction = () => new Map();

const counter: PickleFunction = ([counts], fail) => {
  if (counts instanceof Map) return counts;
  throw fail("Counter: expected a dict");
};

const inert: PickleFunction = () => new Inert();

/** All of them, by `module.name`. */
export const torchGlobals: ReadonlyMap<string, unknown> = new Map<
  string,
  unknown
>([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch.nn.parameter.Parameter", parameter],
  ["torch.autograd.variable.Variable", parameter],
  ["torch.Size", size],
  ...Object.entries(STORAGE_TYPES).map(([name, dtype]) =>
    [`torch.${name}`, new StorageType(dtype)] as const
  ),
  ...[
    "collections.defaultdict",
    "lightning_fabric.utilities.data.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
  ].map((name) => [name, emptyDict] as const),
  ["collections.Counter", counter],
  ...[
    "argparse.Namespace",
    "torch.device",
    "numpy.dtype",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "_codecs.encode",
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
    ...["dict", "float", "int", "list", "set"].flatMap((name) => [
      `__builtin__.${name}`,
      `builtins.${name}`,
    ]),
  ].map((name) => [name, inert] as const),
]);
