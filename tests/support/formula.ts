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

function formulaTensor(
  name: string,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((a, b) => a * b, 1);
  if (name.endsWith("running_var")) {
    return uniform(name, count, 0.5, 1);
  }
  if (/(running_mean|bias)$/.test(name)) {
    return uniform(name, count, 0.1);
  }
  if (shape.length === 1) {
    const values = uniform(name, count, 0.5, 1);
    // Channels whose folded filter can't be divided by its scale.
    if (name === "layer1.0.bn1.weight") [values[3], values[5]] = [0, 1e-20];
    return values;
  }
  return uniform(name, count, Math.sqrt(3 / (count / shape[0])));
}

/** Tensors made so far, up to a limit: many tests load the same network again and again. */
const made = new Map<string, Float32Array<ArrayBuffer>>();
let madeBytes = 0;
const mostBytes = 128e6;

/** A tensor that the caller may change. */
function freshTensor(name: string, shape: readonly number[]) {
  const key = `${name} ${shape}`;
  let values = made.get(key);
  if (!values) {
    values = formulaTensor(name, shape);
    madeBytes += values.byteLength;
    if (madeBytes > mostBytes) {
      made.clear();
      madeBytes = values.byteLength;
    }
    made.set(key, values);
  }
  return values.slice();
}

/** A checkpoint that a test may change, and that records which tensors were read. */
export interface FormulaCheckpoint extends Checkpoint {
  readonly tensors: Map<string, StoredTensor>;
  read: Checkpoint["read"];
  readonly reads: string[];
}

/** The whole state dict of a network. */
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
      return Promise.resolve(freshTensor(name, tensors.get(name)!.shape));
    },
    close() {},
  };
}
