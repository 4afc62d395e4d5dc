/**
 * A filter on the heap, in the order in which a kernel reads it.
 *
 * @module
 */

import { dtypes, weightBytes, type WeightsDType } from "./dtypes.ts";
import type { Block } from "./heap.ts";
import {
  type FilterShape,
  panelChannels,
  panelsOf,
  unpackFilter,
} from "./pack.ts";
import type { Runtime } from "./runtime.ts";
import { untransformFilter, type WinogradOutputs } from "./winograd_filter.ts";

/** A filter is copied to the heap in pieces of about so many bytes. */
const pieceBytes = 1 << 20;

const floatBytes = 4, channelBytes = panelChannels * floatBytes;

/** What the kernels are told of it. */
export interface FilterFields {
  /** The type's place in `dtypes`. */
  readonly dtype: number;
  /** Bytes of a packed panel. */
  readonly panelBytes: number;
  /** What values are multiplied by, eight floats for each panel; 0 for float32. */
  readonly factors: number;
  /** Bytes that each thread needs to expand a panel in; 0 for float32. */
  readonly floatsThread: number;
}

/** Whether `tf.memory()` counts a filter: what a pass needs besides the weights, it doesn't. */
export type FilterMemory = "tensor" | "own";

/** Packed `[component][panel][tap][input channel][8]`, with one component or Winograd's. */
export class PackedFilter {
  readonly #block: Block;
  /** Panels of all groups. */
  readonly #panels: number;
  readonly #components: number;
  /** Weights in a panel of a component. */
  readonly #panelWeights: number;

  /**
   * @param filter OIHW; it may be reused afterwards.
   * @param outputs Of a tile's side, if it is for a Winograd convolution.
   * @throws {RangeError} If the heap has no room.
   */
  constructor(
    readonly runtime: Runtime,
    readonly shape: FilterShape,
    filter: Float32Array,
    readonly dtype: WeightsDType,
    readonly outputs?: WinogradOutputs,
    memory: FilterMemory = "tensor",
  ) {
    const { groups, ins, taps } = shape;
    this.#panels = groups * panelsOf(shape);
    this.#components = outputs ? (outputs + 2) ** 2 : 1;
    this.#panelWeights = ins * panelChannels * (outputs ? 1 : taps);
    const bytes = this.#valueBytes + this.#factorBytes;
    const { heap } = runtime;
    this.#block = memory === "tensor"
      ? heap.weights(bytes / floatBytes)
      : heap.allocate(bytes);
    this.#pack(filter);
  }

  /** Of all that is kept. */
  get bytes(): number {
    return this.#block.bytes;
  }

  /** The address of the first panel. */
  get address(): number {
    return this.#block.address;
  }

  /** How to read it. */
  get fields(): FilterFields {
    const floatsThread = this.dtype === "float32"
      ? 0
      : this.#panelWeights * floatBytes;
    return { ...this.#stored, floatsThread };
  }

  get #stored() {
    const { address, dtype } = this;
    return {
      dtype: dtypes.indexOf(dtype),
      panelBytes: this.#panelWeights * weightBytes[dtype],
      factors: dtype === "float32" ? 0 : address + this.#valueBytes,
    };
  }

  get #valueBytes(): number {
    const weights = this.#components * this.#panels * this.#panelWeights;
    return weights * weightBytes[this.dtype];
  }

  get #factorBytes(): number {
    return this.dtype === "float32"
      ? 0
      : this.#components * this.#panels * channelBytes;
  }

  #pack(filter: Float32Array): void {
    const { runtime, shape, dtype, outputs } = this, { heap, pool } = runtime;
    const { outs, ins, taps } = shape, panelsPerGroup = panelsOf(shape);
    const rowBytes = ins * taps * floatBytes;
    const firstChannel = (panel: number) =>
      Math.floor(panel / panelsPerGroup) * outs +
      panel % panelsPerGroup * panelChannels;
    const floatsThread = dtype === "float32"
      ? 0
      : this.#components * this.#panelWeights * floatBytes;
    const panels = Math.max(
      1,
      Math.floor(pieceBytes / (panelChannels * rowBytes)),
    );
    const piece = heap.allocate(panels * panelChannels * rowBytes);
    const floats = heap.allocate(floatsThread * pool.threads);
    for (let panel = 0; panel < this.#panels; panel += panels) {
      const end = Math.min(panel + panels, this.#panels);
      const first = firstChannel(panel), last = firstChannel(end);
      heap.floats.set(
        filter.subarray(first * ins * taps, last * ins * taps),
        piece.address / floatBytes,
      );
      pool.run(outputs ? `packWinograd${outputs}` : "packDirect", end - panel, {
        ...this.#stored,
        filter: piece.address,
        firstChannel: first,
        rowBytes,
        zeros: runtime.zeros(rowBytes),
        groupChannels: outs,
        ins,
        taps,
        panels: this.#panels,
        panelsPerGroup,
        firstPanel: panel,
        values: this.address,
        floats: floats.address,
        floatsThread,
      });
    }
    piece.free();
    floats.free();
  }

  /** The filter, OIHW: as given, but for the rounding to its type and of Winograd's transform. */
  unpack(): Float32Array {
    const { runtime: { heap, pool }, shape, outputs } = this;
    const { groups, outs, ins } = shape;
    const count = this.#components * this.#panels;
    const floatBytes = 4 * this.#panelWeights;
    const block = this.dtype === "float32"
      ? undefined
      : heap.allocate(count * floatBytes);
    if (block) {
      pool.run("unpack", count, {
        ...this.#stored,
        values: this.address,
        y: block.address,
        floatBytes,
      });
    }
    const packed = heap.view(block ?? this.#block);
    const filter = outputs
      ? untransformFilter(packed, groups * outs, ins, outputs)
      : unpackFilter(packed, shape);
    block?.free();
    return filter;
  }

  /** Frees it. */
  dispose(): void {
    this.#block.free();
  }
}
