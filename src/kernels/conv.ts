/**
 * A convolution with its batch norm, packed for whichever algorithm computes it.
 *
 * @module
 */

import type { Filter, FoldedConv } from "../arch/folded_conv.ts";
import type { Conv2d } from "../arch/module.ts";
import { DirectConv } from "./direct.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { outputSize } from "./geometry.ts";
import type { Block } from "./heap.ts";
import type { Packed } from "./kernels.ts";
import { type FilterShape, packBias } from "./pack.ts";
import type { Algorithm } from "./planner.ts";
import type { Address, Recording } from "./program.ts";
import type { Batch, Operands, Runtime } from "./means.ts";
import { WinogradConv } from "./winograd.ts";

/** Where input, output and residual stand; 0: no residual. */
export type Tensors = Pick<Operands, "x" | "y" | "residual" | "low">;

/** Packed weights, with what computes with them. */
export class OwnConv implements Packed {
  readonly #conv: DirectConv | WinogradConv;
  readonly #bias: Block;
  readonly bias: Float32Array;
  readonly scale: Float32Array;
  readonly unfolded: ReadonlyMap<number, Float32Array>;

  constructor(
    readonly runtime: Runtime,
    readonly module: Omit<Conv2d, "type" | "name" | "children">,
    readonly algorithm: Algorithm,
    { filter, bias, scale, unfolded }: FoldedConv<Filter>,
    dtype: WeightsDType = "float32",
  ) {
    this.#conv = algorithm === "direct"
      ? new DirectConv(runtime, module, filter, dtype)
      : new WinogradConv(
        runtime,
        module,
        algorithm === "winograd2" ? 2 : 4,
        filter,
        dtype,
      );
    const packed = packBias(bias, this.#filterShape);
    this.#bias = runtime.heap.weights(packed.length);
    runtime.heap.view(this.#bias).set(packed);
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
  record(recording: Recording, batch: Batch, tensors: Tensors): void {
    const bias = this.#bias.address;
    this.#conv.record(recording, batch, { ...tensors, bias });
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

  /** The weights as they came, but for the rounding of Winograd's transform. */
  unpack(): FoldedConv {
    const { bias, scale, unfolded } = this;
    return {
      filter: this.#conv.unpack(),
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
