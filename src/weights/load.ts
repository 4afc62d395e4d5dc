/**
 * Reads the values of a network's tensors.
 *
 * @module
 */

import { allFinite } from "../formats/all_finite.ts";
import type { BatchNorm2d, Conv2d, Linear } from "../arch/module.ts";
import type { Filter, FoldedConv } from "../arch/folded_conv.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { foldBatchNorm } from "./fold.ts";
import { sampleOf } from "./tensor_sample.ts";

/** Reads a network's tensors, and remembers those with NaN or infinite values. */
export class TensorReader {
  /** Names of tensors with NaN or infinite values. */
  readonly notFinite: string[] = [];
  /** A sample of each tensor: see {@linkcode sampleOf}. */
  readonly samples: Map<string, string> = new Map();
  /** Names of variances below zero: their channels are NaN. */
  readonly negative: string[] = [];

  /**
   * @param rows Whether to read filters as scaled rows, where the checkpoint has them.
   * @param normEps Added to the variances of batch norms.
   */
  constructor(
    readonly checkpoint: Checkpoint,
    readonly rows: boolean,
    readonly normEps?: number,
  ) {}

  /** The weight of a convolution or a linear layer. */
  async #readFilter(name: string): Promise<Filter> {
    const { checkpoint } = this;
    if (!this.rows || !checkpoint.readRows) return await this.#read(name);
    const filter = await checkpoint.readRows(name);
    const values = filter instanceof Float32Array ? filter : filter.factors;
    if (!allFinite(values)) this.notFinite.push(name);
    this.#sample(name, filter);
    return filter;
  }

  async #read(name: string): Promise<Float32Array> {
    const values = await this.checkpoint.read(name);
    if (!allFinite(values)) this.notFinite.push(name);
    this.#sample(name, values);
    return values;
  }

  #sample(name: string, tensor: Filter): void {
    const { samples = {} } = this.checkpoint.metadata ?? {};
    this.samples.set(name, samples[name] ?? sampleOf(tensor));
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
    const values = {
      weight: await this.#read(`${norm.name}.weight`),
      bias: await this.#read(`${norm.name}.bias`),
      mean: await this.#read(`${norm.name}.running_mean`),
      variance: await this.#read(`${norm.name}.running_var`),
    };
    const folded = foldBatchNorm(filter, values, this.normEps);
    const isFinite = Object.values(values).every(allFinite);
    if (isFinite && !allFinite(folded.scale)) {
      this.negative.push(`${norm.name}.running_var`);
    }
    return folded;
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
