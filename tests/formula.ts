/**
 * Weights and inputs by formula, the same numbers as in `scripts/make_node_goldens.py`.
 *
 * @module
 */

import { archRow } from "../src/arch/lookup.ts";
import { modulesOf, tensorsOf } from "../src/arch/module.ts";
import { buildResNet } from "../src/arch/resnet.ts";
import type { ArchRow } from "../src/arch/table.ts";
import type { Checkpoint, TensorInfo } from "../src/weights/checkpoint.ts";

function hashName(name: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) {
    h = Math.imul(h ^ byte, 0x01000193);
  }
  return h >>> 0;
}

/** Numbers in -1..1 by murmur3's finalizer over seed and index. */
export function uniform(
  name: string,
  count: number,
  map: (u: number) => number = (u) => u,
): Float32Array<ArrayBuffer> {
  const seed = hashName(name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let h = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
    h ^= h >>> 16;
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    h ^= h >>> 16;
    values[i] = map((h >>> 0) / 2 ** 32 * 2 - 1);
  }
  return values;
}

function formulaTensor(
  name: string,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((a, b) => a * b, 1);
  if (name.endsWith("running_var")) {
    return uniform(name, count, (u) => 1 + 0.5 * u);
  }
  if (/(running_mean|bias)$/.test(name)) {
    return uniform(name, count, (u) => 0.1 * u);
  }
  if (shape.length === 1) {
    const values = uniform(name, count, (u) => 1 + 0.5 * u);
    // Channels that a folded filter can't be divided by.
    if (name === "layer1.0.bn1.weight") [values[3], values[5]] = [0, 1e-20];
    return values;
  }
  const bound = Math.sqrt(3 / (count / shape[0]));
  return uniform(name, count, (u) => u * bound);
}

/** A checkpoint that a test may change, and that notes which tensors were read. */
export interface FormulaCheckpoint extends Checkpoint {
  readonly tensors: Map<string, TensorInfo>;
  read: Checkpoint["read"];
  readonly reads: string[];
}

/** A whole state dict of that network. */
export function formulaCheckpoint(arch: string | ArchRow): FormulaCheckpoint {
  const specs = [...modulesOf(buildResNet(archRow(arch)))].flatMap(tensorsOf);
  const tensors = new Map<string, TensorInfo>(
    specs.map(({ name, shape }) => [name, { shape, dtype: "float32" }]),
  );
  const reads: string[] = [];
  return {
    source: "formula",
    tensors,
    reads,
    read(name) {
      reads.push(name);
      return Promise.resolve(formulaTensor(name, tensors.get(name)!.shape));
    },
    close() {},
  };
}
