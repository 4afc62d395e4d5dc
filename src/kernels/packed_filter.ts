/**
 * A filter on the heap, in the order in which a kernel reads it.
 *
 * @module
 */

import type { Filter } from "../arch/folded_conv.ts";
import {
  bytesPerWeight,
  type WeightsDType,
  weightsDTypes,
} from "../arch/weights_dtype.ts";
import { FilterStage } from "./filter_stage.ts";
import type { Block } from "./heap.ts";
import {
  type FilterShape,
  packBias,
  panelChannels,
  panelsOf,
  unpackFilter,
} from "./pack.ts";
import type { Runtime } from "./means.ts";
import { untransformFilter, type WinogradOutputs } from "./winograd_filter.ts";

/** Float16's exponents are less than float32's by so much. */
const float16Factor = 2 ** 112;

const floatBytes = 4, channelBytes = panelChannels * floatBytes;

/** What the kernels are told of it. */
export interface FilterFields {
  /** The type's place in `weightsDTypes`. */
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
  /** What its weights are kept as: as asked, or int8 exactly where float16 was asked of int8. */
  readonly dtype: WeightsDType;
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
    filter: Filter,
    dtype: WeightsDType,
    readonly outputs?: WinogradOutputs,
    memory: FilterMemory = "tensor",
  ) {
    const { groups, ins, taps } = shape;
    // What is int8 already fits no better into more bytes.
    const isInt8 = !(filter instanceof Float32Array) &&
      filter.values instanceof Int8Array;
    this.dtype = dtype === "float16" && isInt8 && !outputs ? "int8" : dtype;
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
      dtype: weightsDTypes.indexOf(dtype),
      panelBytes: this.#panelWeights * bytesPerWeight[dtype],
      factors: dtype === "float32" ? 0 : address + this.#valueBytes,
    };
  }

  get #valueBytes(): number {
    const weights = this.#components * this.#panels * this.#panelWeights;
    return weights * bytesPerWeight[this.dtype];
  }

  get #factorBytes(): number {
    return this.dtype === "float32"
      ? 0
      : this.#components * this.#panels * channelBytes;
  }

  #pack(filter: Filter): void {
    const { runtime, shape, dtype, outputs } = this, { heap, pool } = runtime;
    const { outs, ins, taps } = shape, panelsPerGroup = panelsOf(shape);
    const stored = this.#asStored(filter);
    const rowBytes = ins * taps *
      (stored ? bytesPerWeight[dtype] : floatBytes);
    const firstChannel = (panel: number) =>
      Math.floor(panel / panelsPerGroup) * outs +
      panel % panelsPerGroup * panelChannels;
    const floatsThread = stored || dtype === "float32"
      ? 0
      : this.#components * this.#panelWeights * floatBytes;
    const stage = new FilterStage(runtime, filter, ins * taps, !stored);
    const panels = stage.rows / panelChannels;
    const floats = heap.allocate(floatsThread * pool.threads);
    const task = outputs
      ? `packWinograd${outputs}` as const
      : stored
      ? "packStored"
      : "packDirect";
    for (let panel = 0; panel < this.#panels; panel += panels) {
      const end = Math.min(panel + panels, this.#panels);
      const first = firstChannel(panel), last = firstChannel(end);
      stage.fill(first, last);
      pool.run(task, end - panel, {
        ...this.#stored,
        filter: stage.address,
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
    stage.dispose();
    floats.free();
    if (stored) {
      const factors = packBias(stored, shape);
      heap.floats.set(factors, this.#stored.factors / floatBytes);
    }
  }

  /** What values are to be multiplied by, if the filter's can stay as they are. */
  #asStored(filter: Filter): Float32Array | undefined {
    if (this.outputs || filter instanceof Float32Array) return undefined;
    const { values, factors } = filter;
    if (values instanceof Int8Array) {
      return this.dtype === "int8" ? factors : undefined;
    }
    if (this.dtype !== "float16") return undefined;
    const scaled = factors.map((factor) => factor * float16Factor);
    return scaled.every(Number.isFinite) ? scaled : undefined;
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
