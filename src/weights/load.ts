/**
 * From a checkpoint to what a network needs of it: names and shapes checked, values read.
 *
 * @module
 */

import {
  type BatchNorm2d,
  type Conv2d,
  type Linear,
  type Module,
  modulesOf,
  tensorsOf,
  type TensorSpec,
} from "../arch/module.ts";
import type { Filter, FoldedConv } from "../arch/folded_conv.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { foldBatchNorm } from "./fold.ts";

/** All tensors of a tree, in the state dict's order, which is that of the forward pass. */
export function allTensors(tree: Module): TensorSpec[] {
  return [...modulesOf(tree)].flatMap(tensorsOf);
}

const list = (names: readonly string[]) => names.join(", ");

/**
 * Checks a checkpoint's names and shapes against the front of a network that will be loaded, and
 * tells it which tensors that is.
 *
 * @param root The tree up to the cut: what must be there.
 * @param full The whole tree: what may be there.
 * @throws {TypeError} If tensors are missing, misshapen or unknown; all are named at once.
 */
export function checkTensors(
  checkpoint: Checkpoint,
  arch: string,
  root: Module,
  full: Module,
): void {
  const { tensors } = checkpoint;
  const needed = allTensors(root);
  const missing = needed.filter(({ name }) => !tensors.has(name))
    .map(({ name }) => name);
  const misshapen = needed.flatMap(({ name, shape }) => {
    const info = tensors.get(name);
    return !info || `${info.shape}` === `${shape}`
      ? []
      : [`${name} [${info.shape}] for [${shape}]`];
  });
  const known = new Set(allTensors(full).map(({ name }) => name));
  const extra = [...tensors.keys()].filter((name) =>
    !known.has(name) && !name.endsWith(".num_batches_tracked")
  );
  const complaints = [
    missing.length ? [`missing ${list(missing)}`] : [],
    misshapen.length ? [`misshapen ${list(misshapen)}`] : [],
    extra.length ? [`unexpected ${list(extra)}`] : [],
  ].flat();
  if (complaints.length === 0) {
    checkpoint.expect?.(needed.map(({ name }) => name));
    return;
  }
  const headless = complaints.length === 1 && missing.length > 0 &&
    missing.every((name) => name.startsWith("fc."));
  const hint = headless
    ? `; the file has no head: end the network before it, e.g. outputLayer "flatten"`
    : "";
  throw new TypeError(
    `"${checkpoint.source}" is no state dict of ${arch}: ${
      complaints.join("; ")
    }${hint}`,
  );
}

/** Whether no value is NaN or infinite: only zero is their product with zero. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * values[i];
  return sum === 0;
}

/** Reads one network's tensors, and remembers which of them hold NaN or infinite values. */
export class TensorReader {
  /** Names of tensors with values that are not finite. */
  readonly notFinite: string[] = [];

  /** @param rows Whether filters may come as rows, where the checkpoint has them so. */
  constructor(readonly checkpoint: Checkpoint, readonly rows: boolean) {}

  /** The weight of a convolution or a linear layer. */
  async #readFilter(name: string): Promise<Filter> {
    const { checkpoint } = this;
    if (!this.rows || !checkpoint.readRows) return await this.#read(name);
    const filter = await checkpoint.readRows(name);
    const values = filter instanceof Float32Array ? filter : filter.factors;
    if (!allFinite(values)) this.notFinite.push(name);
    return filter;
  }

  async #read(name: string): Promise<Float32Array> {
    const values = await this.checkpoint.read(name);
    if (!allFinite(values)) this.notFinite.push(name);
    return values;
  }

  /** A convolution with the batch norm behind it folded in, if there is one. */
  async conv(
    conv: Conv2d,
    norm?: BatchNorm2d,
  ): Promise<FoldedConv<Filter>> {
    const filter = await this.#readFilter(`${conv.name}.weight`);
    if (!norm) {
      const bias = new Float32Array(conv.outChannels);
      const scale = bias.map(() => 1);
      return { filter, bias, scale, unfolded: new Map() };
    }
    return foldBatchNorm(filter, {
      weight: await this.#read(`${norm.name}.weight`),
      bias: await this.#read(`${norm.name}.bias`),
      mean: await this.#read(`${norm.name}.running_mean`),
      variance: await this.#read(`${norm.name}.running_var`),
    });
  }

  /** A linear layer: weight `[out, in]` and bias `[out]`. */
  async linear(
    { name }: Linear,
  ): Promise<{ weight: Filter; bias: Float32Array }> {
    return {
      weight: await this.#readFilter(`${name}.weight`),
      bias: await this.#read(`${name}.bias`),
    };
  }
}
