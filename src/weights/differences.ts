/**
 * Where a checkpoint's tensors differ from those that a network computes with.
 *
 * @module
 */

import type { CutNetwork } from "../arch/cut_network.ts";
import {
  type Module,
  modulesOf,
  tensorsOf,
  type TensorSpec,
} from "../arch/module.ts";
import type { Checkpoint, StoredTensor } from "./checkpoint.ts";

/** All tensors of a tree, in the state dict's order, which is that of the forward pass. */
export function allTensors(tree: Module): TensorSpec[] {
  return [...modulesOf(tree)].flatMap(tensorsOf);
}

/** A network's tensors against a checkpoint's. */
export interface Differences {
  /** Names that the checkpoint lacks. */
  readonly missing: readonly string[];
  /** Tensors of another shape: `conv1.weight [64, 1, 7, 7] instead of [64, 3, 7, 7]`. */
  readonly misshapen: readonly string[];
  /** Tensors that aren't floats or can't be read: `conv1.weight (it is sparse)`. */
  readonly unfit: readonly string[];
  /** Names inside the part that is computed that the network doesn't have. */
  readonly unknown: readonly string[];
  /** Names of the network's parts after its output layer that the whole network doesn't have. */
  readonly behind: readonly string[];
  /** Whether what comes after the output layer, but for the head, is the network's too. */
  readonly isWhole: boolean;
}

/** Whether all that is computed is there. */
export function isComplete(
  { missing, misshapen, unfit }: Differences,
): boolean {
  return missing.length + misshapen.length + unfit.length === 0;
}

/** Compares them. */
export function compareTensors(
  { tensors, readRows }: Checkpoint,
  { trace, full }: CutNetwork,
): Differences {
  const needed = allTensors(trace.root);
  const differences = {
    missing: [] as string[],
    misshapen: [] as string[],
    unfit: [] as string[],
    unknown: [] as string[],
    behind: [] as string[],
    isWhole: false,
  };
  for (const { name, shape } of needed) {
    const stored = tensors.get(name);
    if (stored === undefined) {
      differences.missing.push(name);
      continue;
    }
    const why = whyUnfit(stored, readRows !== undefined);
    const has = `[${stored.shape.join(", ")}]`, needs = `[${shape.join(", ")}]`;
    if (why) differences.unfit.push(`${name} (${why})`);
    else if (has !== needs) {
      differences.misshapen.push(`${name} ${has} instead of ${needs}`);
    }
  }
  const known = new Set(allTensors(full.root).map(({ name }) => name));
  const computed = new Set(needed.map(({ name }) => blockOf(name)));
  const complete = completeLayers(known, computed);
  for (const name of tensors.keys()) {
    if (known.has(name) || name.endsWith("num_batches_tracked")) continue;
    const [layer] = name.split(".");
    const isInside = computed.has(blockOf(name)) || complete.has(layer);
    (isInside ? differences.unknown : differences.behind).push(name);
  }
  const isBody = (name: string) => !name.startsWith("fc.");
  differences.isWhole = !differences.behind.some(isBody) &&
    allTensors(full.root).every(({ name, shape }) =>
      !isBody(name) || `${tensors.get(name)?.shape}` === `${shape}`
    );
  return differences;
}

/** `layer1.0` of `layer1.0.conv1.weight`; of other names the first part. */
function blockOf(name: string): string {
  return /^layer\d\.[^.]+/.exec(name)?.[0] ?? name.split(".")[0];
}

/** The layers of which every block is computed. */
function completeLayers(
  known: ReadonlySet<string>,
  computed: ReadonlySet<string>,
): Set<string> {
  const layers = new Set([...known].map((name) => name.split(".")[0]));
  for (const name of known) {
    if (!computed.has(blockOf(name))) layers.delete(name.split(".")[0]);
  }
  return layers;
}

/** int8 filters have scales where a checkpoint has rows. */
function whyUnfit(
  { dtype, unread }: StoredTensor,
  hasRows: boolean,
): string | undefined {
  if (unread !== undefined) return unread;
  const isRead = /^b?float/.test(dtype) || hasRows && dtype === "int8";
  return isRead ? undefined : `it is ${dtype}`;
}
