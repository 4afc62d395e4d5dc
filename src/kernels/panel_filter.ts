/**
 * Filters on the heap, in the order in which the kernels read them.
 *
 * @module
 */

import type { Filter } from "../arch/folded_conv.ts";
import {
  bytesPerWeight,
  type WeightsDType,
  weightsDTypes,
} from "../arch/weights_dtype.ts";
import type { Device } from "./device.ts";
import { FilterStage, panelsAtATime } from "./filter_stage.ts";
import type { Block } from "./heap.ts";
import {
  biasPanels,
  type FilterShape,
  fromPanels,
  panelChannels,
  panelsOf,
} from "./panels.ts";
import {
  lineBytes,
  untransformFilter,
  type WinogradOutputs,
} from "./winograd_filter.ts";

/** The kernels shift float16's bits into float32's; this corrects the exponent. */
const float16Factor = 2 ** 112;

const floatBytes = 4, channelBytes = panelChannels * floatBytes;

/** The fields of a task that describe a filter. */
export interface FilterFields {
  /** The type's index in `weightsDTypes`. */
  readonly dtype: number;
  /** Bytes of a panel. */
  readonly panelBytes: number;
  /** The address of the values' factors, eight floats for each panel; 0 for float32. */
  readonly factors: number;
  /** Bytes that each thread needs to expand a panel; 0 for float32. */
  readonly floatsThread: number;
}

/** Whether `tf.memory()` counts a filter; not if only a prepared pass needs it. */
export type FilterMemory = "counted" | "uncounted";

/** A filter as `[component][panel][tap][input channel][8]`, with one component or Winograd's. */
export class PanelFilter {
  /** The type of the values: as asked for, but an int8 filter stays int8 instead of float16. */
  readonly dtype: WeightsDType;
  readonly #block: Block;
  /** Panels of all groups. */
  readonly #panels: number;
  readonly #components: number;
  /** Weights in a panel of a component. */
  readonly #panelWeights: number;

  /**
   * Other threads may go on filling it afterwards.
   *
   * @param filter OIHW; it may be reused afterwards.
   * @param outputs The side of a tile, for a Winograd convolution.
   * @throws {RangeError} If the heap has no room.
   */
  constructor(
    readonly device: Device,
    readonly shape: FilterShape,
    filter: Filter,
    dtype: WeightsDType,
    readonly outputs?: WinogradOutputs,
    memory: FilterMemory = "counted",
  ) {
    const { groups, ins, taps } = shape;
    // float16 would make int8 larger, and no more exact.
    const isInt8 = !(filter instanceof Float32Array) &&
      filter.values instanceof Int8Array;
    this.dtype = dtype === "float16" && isInt8 && !outputs ? "int8" : dtype;
    this.#panels = groups * panelsOf(shape);
    this.#components = outputs ? (outputs + 2) ** 2 : 1;
    this.#panelWeights = ins * panelChannels * (outputs ? 1 : taps);
    const bytes = this.#valueBytes + this.#factorBytes;
    const { heap } = device;
    this.#block = memory === "counted"
      ? heap.weights(bytes / floatBytes)
      : heap.allocate(bytes);
    try {
      this.#fill(filter);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Bytes of values and factors. */
  get bytes(): number {
    return this.#block.bytes;
  }

  /** The address of the first panel. */
  get address(): number {
    return this.#block.address;
  }

  /** How a kernel reads it. */
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

  /** Gives the threads what fills it, some panels at a time. */
  #fill(filter: Filter): void {
    const { device: { heap, pool }, shape } = this;
    const stored = this.#asStored(filter);
    const { stage: panels } = panelsAtATime(filter, shape.ins * shape.taps);
    for (let panel = 0; panel < this.#panels; panel += panels) {
      const end = Math.min(panel + panels, this.#panels);
      const stage = this.#stage(filter, panel, end, stored !== undefined);
      pool.start(stage.jobs, () => stage.dispose());
    }
    if (stored) {
      const factors = biasPanels(stored, shape);
      heap.floats.set(factors, this.#stored.factors / floatBytes);
    }
  }

  #stage(
    filter: Filter,
    firstPanel: number,
    endPanel: number,
    isStored: boolean,
  ): FilterStage {
    const { device, shape, dtype, outputs } = this;
    const { outs, ins, taps } = shape, length = ins * taps;
    const panelsPerGroup = panelsOf(shape);
    const rowsOf = (panel: number, end: number) => {
      const [first, last] = [panel, end].map((panel) =>
        Math.floor(panel / panelsPerGroup) * outs +
        panel % panelsPerGroup * panelChannels
      );
      return { first, end: last, length };
    };
    const expanded = isStored || filter instanceof Float32Array
      ? undefined
      : filter.values instanceof Int8Array
      ? "int8"
      : "float16";
    const { piece } = panelsAtATime(filter, length);
    const panels = expanded ? piece : endPanel - firstPanel;
    const encoded = isStored || dtype === "float32" ? 0 : this.#panelWeights;
    const lines = outputs ? lineBytes : 0;
    const floatsThread = this.#components * (encoded * floatBytes + lines);
    const rowBytes = length * (isStored ? bytesPerWeight[dtype] : floatBytes);
    const stage = new FilterStage(
      device,
      filter,
      rowsOf(firstPanel, endPanel),
      expanded ? panels * panelChannels : 0,
      floatsThread * device.pool.threads,
    );
    const task = outputs
      ? `fillWinograd${outputs}` as const
      : isStored
      ? "fillStored"
      : "fillDirect";
    try {
      for (let panel = firstPanel; panel < endPanel; panel += panels) {
        const end = Math.min(panel + panels, endPanel);
        const rows = rowsOf(panel, end);
        stage.add(task, end - panel, {
          ...this.#stored,
          filter: expanded
            ? stage.expand(rows, expanded)
            : stage.addressOf(rows),
          firstChannel: rows.first,
          rowBytes,
          zeros: device.zeros(rowBytes),
          groupChannels: outs,
          ins,
          taps,
          panels: this.#panels,
          panelsPerGroup,
          firstPanel: panel,
          values: this.address,
          floats: stage.scratch,
          floatsThread,
        });
      }
      return stage;
    } catch (error) {
      stage.dispose();
      throw error;
    }
  }

  /** The values' factors, if the filter's values can stay as they are. */
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

  /** The filter, OIHW, with the rounding errors of its type and of Winograd's transform. */
  read(): Float32Array {
    this.device.pool.finish();
    const { device: { heap, pool }, shape, outputs } = this;
    const { groups, outs, ins } = shape;
    const count = this.#components * this.#panels;
    const floatBytes = 4 * this.#panelWeights;
    const block = this.dtype === "float32"
      ? undefined
      : heap.allocate(count * floatBytes);
    if (block) {
      pool.run("expandPanels", count, {
        ...this.#stored,
        values: this.address,
        y: block.address,
        floatBytes,
      });
    }
    const panels = heap.view(block ?? this.#block);
    const filter = outputs
      ? untransformFilter(panels, groups * outs, ins, outputs)
      : fromPanels(panels, shape);
    block?.free();
    return filter;
  }

  /** Frees it. */
  dispose(): void {
    this.device.pool.finish(); // It may still be filled.
    this.#block.free();
  }
}
