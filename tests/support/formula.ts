/**
 * Weights and inputs by formula, the same numbers as in `scripts/make_node_goldens.py`.
 *
 * @module
 */

import { archRow } from "../../src/arch/lookup.ts";
import { modulesOf, tensorsOf } from "../../src/arch/module.ts";
import { buildResNet } from "../../src/arch/resnet.ts";
import type { ArchRow } from "../../src/arch/table.ts";
import type { Checkpoint, StoredTensor } from "../../src/weights/checkpoint.ts";
import { uniform } from "./uniform.ts";

export { uniform };

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
  readonly tensors: Map<string, StoredTensor>;
  read: Checkpoint["read"];
  readonly reads: string[];
}

/** A whole state dict of that network. */
export function formulaCheckpoint(arch: string | ArchRow): FormulaCheckpoint {
  const specs = [...modulesOf(buildResNet(archRow(arch)))].flatMap(tensorsOf);
  const tensors = new Map<string, StoredTensor>(
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
