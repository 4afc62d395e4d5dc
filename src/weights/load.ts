/**
 * What a network needs of a checkpoint: checks names and shapes, reads values.
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
import { few } from "../errors/expected.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { foldBatchNorm } from "./fold.ts";
import { guessArch } from "./guess_arch.ts";

/** All tensors of a tree, in the state dict's order, which is that of the forward pass. */
export function allTensors(tree: Module): TensorSpec[] {
  return [...modulesOf(tree)].flatMap(tensorsOf);
}

/**
 * Checks a checkpoint's names and shapes against the front of a network, and tells it which tensors
 * will be read.
 *
 * @param root The tree up to the cut, whose tensors are required.
 * @param full The whole tree, whose tensors are allowed.
 * @throws {TypeError} If tensors are missing, of another shape or unknown.
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
      : [`${name} [${info.shape.join(", ")}] instead of [${shape.join(", ")}]`];
  });
  const known = new Set(allTensors(full).map(({ name }) => name));
  const extra = [...tensors.keys()].filter((name) =>
    !known.has(name) && !name.endsWith(".num_batches_tracked")
  );
  const differences = [
    ["missing", missing] as const,
    ["of another shape", misshapen] as const,
    ["unexpected", extra] as const,
  ].filter(([, names]) => names.length > 0)
    .map(([what, names], i) => {
      const noun = i > 0 ? "" : names.length === 1 ? " tensor" : " tensors";
      return `${names.length}${noun} ${what} (${few(names)})`;
    });
  if (differences.length === 0) {
    checkpoint.expect?.(needed.map(({ name }) => name));
    return;
  }
  const isHeadless = differences.length === 1 && missing.length > 0 &&
    missing.every((name) => name.startsWith("fc."));
  throw new TypeError(
    `"${checkpoint.source}" doesn't match ${arch}: ${differences.join(", ")}${
      isHeadless ? headlessHint : lookalike(checkpoint, arch)
    }`,
  );
}

const headlessHint =
  `; the file has no head (fc): create the model with outputLayer "flatten"`;

/** The architecture that the checkpoint looks like, if it is another. */
function lookalike(checkpoint: Checkpoint, arch: string): string {
  try {
    const { name } = guessArch(checkpoint);
    return name === arch ? "" : `; it looks like ${name}`;
  } catch {
    return "";
  }
}

/** Whether no value is NaN or infinite; zero times such a value isn't zero. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += 0 * values[i];
  return sum === 0;
}

/** Reads a network's tensors, and remembers those with NaN or infinite values. */
export class TensorReader {
  /** Names of tensors with NaN or infinite values. */
  readonly notFinite: string[] = [];

  /** @param rows Whether to read filters as scaled rows, where the checkpoint has them. */
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

  /** A convolution, with its batch norm, if any, folded in. */
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
