/**
 * A convolution with its batch norm, packed for whichever algorithm computes it.
 *
 * @module
 */

import type { Conv2d } from "../arch/module.ts";
import { DirectConv } from "./direct.ts";
import { outputSize } from "./geometry.ts";
import type { Block } from "./heap.ts";
import type { ConvWeights, Packed } from "./kernels.ts";
import { type FilterShape, packBias } from "./pack.ts";
import type { Algorithm } from "./planner.ts";
import type { Batch, Runtime } from "./runtime.ts";
import { WinogradConv } from "./winograd.ts";

/** Where input, output and residual stand; 0: no residual. */
export interface Tensors {
  readonly x: number;
  readonly y: number;
  readonly residual: number;
  readonly relu: boolean;
}

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
    { filter, bias, scale, unfolded }: ConvWeights,
  ) {
    this.#conv = algorithm === "direct"
      ? new DirectConv(runtime, module, filter)
      : new WinogradConv(
        runtime,
        module,
        algorithm === "winograd2" ? 2 : 4,
        filter,
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

  /** Convolution and batch norm, then the epilogue. */
  run(batch: Batch, { relu, ...tensors }: Tensors): void {
    this.#conv.run(batch, {
      ...tensors,
      bias: this.#bias.address,
      low: relu ? 0 : -Infinity,
    });
  }

  /** The convolution alone, with the folded filter. */
  runWithoutBias(batch: Batch, x: number, y: number): void {
    const { inChannels, kernelSize } = this.module;
    // As many as the convolution itself will ask for, which would move them.
    const bytes = Math.max(this.#bias.bytes, 4 * inChannels * kernelSize);
    const bias = this.runtime.zeros(bytes);
    this.#conv.run(batch, { x, y, residual: 0, bias, low: -Infinity });
  }

  /** The weights as they came, but for the rounding of Winograd's transform. */
  unpack(): ConvWeights {
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
