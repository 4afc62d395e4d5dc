import { few } from "../errors/expected.ts";
import type { Fail } from "../errors/fail.ts";
import { TensorView } from "./tensor_view.ts";
import { Parameter } from "./torch_globals.ts";

/**
 * The keys under which training scripts save a state dict: those of PyTorch's examples, Lightning
 * and timm, torchvision, PyTorch's tutorials. The averaged weights of timm and torchvision are used
 * only if the plain ones are missing.
 */
const WRAPPERS = [
  "state_dict",
  "model",
  "model_state_dict",
  "state_dict_ema",
  "model_ema",
];

/**
 * The tensors of a saved state dict, or of a training script's checkpoint, which may have tensors
 * of its own beside it. Other values are left out.
 *
 * @throws {SyntaxError} If there are no tensors.
 */
export function findStateDict(
  saved: unknown,
  fail: Fail,
): Map<string, TensorView> {
  const top = saved instanceof Map ? saved : new Map<unknown, unknown>();
  for (const candidate of [...WRAPPERS.map((key) => top.get(key)), top]) {
    const tensors = tensorsIn(candidate);
    if (tensors.size > 0) return tensors;
  }
  const keys = [...top.keys()].filter((key) => typeof key === "string");
  const found = few(keys.map((key) => JSON.stringify(key.slice(0, 50))));
  throw fail(
    `no tensors at its top or under ${
      WRAPPERS.map((key) => `"${key}"`).join(", ")
    }; ${found ? `its keys are ${found}` : "it isn't a dict with keys"}`,
  );
}

function tensorsIn(dict: unknown): Map<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  if (!(dict instanceof Map)) return tensors;
  for (const [name, value] of dict) {
    const tensor = value instanceof Parameter ? value.tensor : value;
    if (typeof name === "string" && tensor instanceof TensorView) {
      tensors.set(name, tensor);
    }
  }
  return tensors;
}
