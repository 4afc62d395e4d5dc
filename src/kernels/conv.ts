/**
 * A convolution with its batch norm, in the order in which its algorithm reads it.
 *
 * @module
 */

import type { Filter, FoldedConv } from "../arch/folded_conv.ts";
import type { Conv2d } from "../arch/module.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import type { Algorithm } from "./algorithm.ts";
import type { Device } from "./device.ts";
import { DirectConv } from "./direct.ts";
import { outputSize } from "./geometry.ts";
import type { Block } from "./heap.ts";
import type { Batch, Operands } from "./operands.ts";
import type { KernelWeights } from "./operations.ts";
import { biasPanels, type FilterShape } from "./panels.ts";
import type { Address, Recording } from "./recording.ts";
import { WinogradConv } from "./winograd.ts";

/** The parameters of a convolution. */
export type ConvShape = Omit<Conv2d, "type" | "name" | "children">;

/** A convolution's weights, stored for its algorithm. */
export class OwnConv implements KernelWeights {
  readonly #conv: DirectConv | WinogradConv;
  readonly #bias: Block;
  readonly bias: Float32Array;
  readonly scale: Float32Array;
  readonly unfolded: ReadonlyMap<number, Float32Array>;

  constructor(
    readonly device: Device,
    readonly module: ConvShape,
    readonly algorithm: Algorithm,
    { filter, bias, scale, unfolded }: FoldedConv<Filter>,
    dtype: WeightsDType = "float32",
  ) {
    this.#conv = algorithm === "direct"
      ? new DirectConv(device, module, filter, dtype)
      : new WinogradConv(
        device,
        module,
        algorithm === "winograd2" ? 2 : 4,
        filter,
        dtype,
      );
    const panels = biasPanels(bias, this.#filterShape);
    try {
      this.#bias = device.heap.weights(panels.length);
    } catch (error) {
      this.#conv.dispose();
      throw error;
    }
    device.heap.view(this.#bias).set(panels);
    this.bias = bias.slice();
    this.scale = scale.slice();
    this.unfolded = new Map(
      [...unfolded].map(([channel, filter]) => [channel, filter.slice()]),
    );
  }

  get #filterShape(): FilterShape {
    return this.#conv instanceof DirectConv ? this.#conv.filterShape : {
      groups: 1,
      outs: this.module.outChannels,
      ins: this.module.inChannels,
      taps: 9,
    };
  }

  get bytes(): number {
    return this.#conv.bytes + this.#bias.bytes;
  }

  /** The output's shape, NHWC. */
  outputShape({ images, height, width }: Batch): number[] {
    const { module } = this;
    return [
      images,
      outputSize(height, module),
      outputSize(width, module),
      module.outChannels,
    ];
  }

  /** Records convolution and batch norm, then the epilogue. */
  record(
    recording: Recording,
    batch: Batch,
    operands: Omit<Operands, "bias">,
  ): void {
    const bias = this.#bias.address;
    this.#conv.record(recording, batch, { ...operands, bias });
  }

  /** Records the convolution alone, with the folded filter. */
  recordWithoutBias(
    recording: Recording,
    batch: Batch,
    x: Address,
    y: Address,
  ): void {
    const bias = recording.zeros(this.#bias.bytes);
    const low = -Infinity;
    this.#conv.record(recording, batch, { x, y, residual: 0, bias, low });
  }

  /** The weights, as exactly as they are stored. */
  read(): FoldedConv {
    const { bias, scale, unfolded } = this;
    return {
      filter: this.#conv.read(),
      bias: bias.slice(),
      scale: scale.slice(),
      unfolded,
    };
  }

  dispose(): void {
    this.#conv.dispose();
    this.#bias.free();
  }
}
