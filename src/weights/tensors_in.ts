/**
 * All tensors of a saved object, each by its path: dict keys, list indices and attributes joined with
 * dots.
 *
 * @module
 */

import { few } from "../errors/expected.ts";
import type { Fail } from "../errors/fail.ts";
import { isNumpyArray } from "./numpy_arrays.ts";
import { PythonObject } from "./pickle_values.ts";
import { type FileTensor, TensorView, UnreadTensor } from "./tensor_view.ts";
import { Parameter } from "./torch_globals.ts";

/** Most dicts and lists in one another. */
const MAX_DEPTH = 1000;

/** Longest path. */
const MAX_PATH = 4096;

/** Most characters of all paths together. */
const MAX_CHARACTERS = 2 ** 25;

/** Most tensors of one path. */
const MAX_NAMESAKES = 9;

/** How often one dict or list is read, under different paths: a pickle can name it many times. */
const MAX_VISITS = 4;

/** Where a module keeps its tensors and children; they don't count in names. */
const MODULE_PARTS = ["_parameters", "_buffers", "_modules"];

/** The last part of a name that a network needs. */
const NEEDED = /(?:^|\.)(?:weight|bias|running_mean|running_var)$/;

/** The tensors of a saved object. */
export interface FoundTensors {
  /** By path, in the file's order. */
  readonly tensors: ReadonlyMap<string, FileTensor>;
  /** Paths of those in whole pickled modules. */
  readonly inModules: ReadonlySet<string>;
}

/**
 * Finds them in dicts, lists and tuples, and in the attributes, items and arguments of objects.
 *
 * @throws {SyntaxError} If there are none, or the object is one tensor.
 */
export function tensorsIn(saved: unknown, fail: Fail): FoundTensors {
  const search = new Search(fail);
  search.visit(saved, "", 0, false);
  if (search.tensors.size > 0) return search;
  if (asTensor(saved) !== undefined) {
    throw fail(
      "it is one tensor, not a state dict; a .distcp shard becomes a file by torch.distributed.checkpoint.format_utils.dcp_to_torch_save(folder, file)",
    );
  }
  const keys = saved instanceof Map
    ? [...saved.keys()].filter((key) => typeof key === "string")
    : [];
  const found = few(keys.map((key) => JSON.stringify(key.slice(0, 50))));
  throw fail(
    `it has no tensors; ${
      found ? `its keys are ${found}` : "it isn't a dict with keys"
    }`,
  );
}

class Search implements FoundTensors {
  readonly tensors = new Map<string, FileTensor>();
  readonly inModules = new Set<string>();
  readonly #visits = new Map<object, number>();
  /** Those that the current path leads through. */
  readonly #open = new Set<object>();
  #characters = 0;

  constructor(readonly fail: Fail) {}

  visit(value: unknown, path: string, depth: number, inModule: boolean): void {
    const tensor = asTensor(value);
    if (tensor !== undefined) {
      if (path !== "") this.#add(path, tensor, inModule);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    if (depth > MAX_DEPTH || path.length > MAX_PATH) return;
    const visits = this.#visits.get(value) ?? 0;
    if (visits >= MAX_VISITS || this.#open.has(value)) return;
    this.#visits.set(value, visits + 1);
    this.#open.add(value);
    const enter = (key: unknown, inner: unknown) => {
      if (typeof key !== "string" && typeof key !== "number") return;
      const inside = path === "" ? `${key}` : `${path}.${key}`;
      this.visit(inner, inside, depth + 1, inModule);
    };
    if (value instanceof Map) {
      for (const [key, inner] of value) enter(key, inner);
    } else if (Array.isArray(value)) {
      value.forEach((inner, i) => enter(i, inner));
    } else if (value instanceof PythonObject) {
      this.#visitObject(value, path, depth, inModule, enter);
    }
    this.#open.delete(value);
  }

  #visitObject(
    object: PythonObject,
    path: string,
    depth: number,
    inModule: boolean,
    enter: (key: unknown, value: unknown) => void,
  ): void {
    const { state, list, dict, args } = object;
    const attributes = [state].flat().filter((part) => part instanceof Map);
    if (attributes.some((part) => part.has("_modules"))) {
      for (const key of MODULE_PARTS) {
        for (const part of attributes) {
          this.visit(part.get(key), path, depth + 1, true);
        }
      }
      return;
    }
    // Where a network has a tensor, it matters that this is none.
    if (NEEDED.test(path)) this.#add(path, standIn(object), inModule);
    for (const part of attributes) {
      for (const [key, inner] of part) enter(key, inner);
    }
    for (const [key, inner] of dict ?? []) enter(key, inner);
    [...args, ...list ?? []].forEach((inner, i) => enter(i, inner));
  }

  #add(path: string, tensor: FileTensor, inModule: boolean): void {
    // A key may have dots itself: {"a.b": …, "a": {"b": …}}.
    for (let i = 2; this.tensors.has(path); i++) {
      if (this.tensors.get(path) === tensor || i > MAX_NAMESAKES) return;
      path = `${path.replace(/#\d+$/, "")}#${i}`;
    }
    this.#characters += path.length;
    if (this.#characters > MAX_CHARACTERS) {
      throw this.fail(`its names have more than ${MAX_CHARACTERS} characters`);
    }
    this.tensors.set(path, tensor);
    if (inModule) this.inModules.add(path);
  }
}

function asTensor(value: unknown): FileTensor | undefined {
  const tensor = value instanceof Parameter ? value.tensor : value;
  return tensor instanceof TensorView || tensor instanceof UnreadTensor
    ? tensor
    : undefined;
}

function standIn(object: PythonObject): UnreadTensor {
  const why = isNumpyArray(object)
    ? "it is a NumPy array; save torch.from_numpy(array) instead"
    : `it is a ${object.path}, not a tensor`;
  return new UnreadTensor([], object.path, why);
}
