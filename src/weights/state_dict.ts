/**
 * Where in what was saved the state dict is.
 *
 * @module
 */

import { quoted } from "../errors/nearest.ts";
import type { Fail } from "./pickle.ts";
import { TensorView } from "./tensor_view.ts";
import { Parameter } from "./torch_globals.ts";

/**
 * Where training scripts put a state dict among other things: those of PyTorch's examples,
 * Lightning and timm, torchvision, PyTorch's tutorials. The averaged weights of timm and
 * torchvision are taken only where the plain ones are missing.
 */
const WRAPPERS = [
  "state_dict",
  "model",
  "model_state_dict",
  "state_dict_ema",
  "model_ema",
];

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
    const tensor = value instanceof Parameter ? value.tensor : value;
    if (typeof name === "string" && tensor instanceof TensorView) {
      tensors.set(name, tensor);
    }
  }
  return tensors;
}
