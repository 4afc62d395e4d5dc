/**
 * A filter's way to the heap, piece by piece.
 *
 * @module
 */

import type { Filter } from "../arch/folded_conv.ts";
import { weightsDTypes } from "../arch/weights_dtype.ts";
import type { Device } from "./device.ts";
import type { Block } from "./heap.ts";
import { panelChannels } from "./panels.ts";

/** The approximate size of a piece. */
const pieceBytes = 1 << 20;

const floatBytes = 4;

/** Memory for some rows of a filter; a row belongs to one output channel. */
export class FilterStage {
  /** The number of rows that fit, a multiple of a panel's. */
  readonly rows: number;
  /** The address of memory for the kernels. */
  readonly scratch: number;
  readonly #blocks: readonly Block[];
  /** The rows as floats, if they are wanted so. */
  readonly #floats: Block | undefined;
  /** Scaled rows and their factors. */
  readonly #values: Block;
  readonly #factors: Block;
  readonly #filter: Filter;

  /**
   * @param length The length of a row.
   * @param expanded Whether scaled rows become floats, or stay as they are.
   * @param scratchBytes How much memory the kernels need meanwhile.
   */
  constructor(
    readonly device: Device,
    filter: Filter,
    readonly length: number,
    expanded: boolean,
    scratchBytes: number,
  ) {
    const { heap } = device;
    const panelBytes = panelChannels * length * floatBytes;
    this.rows = panelChannels *
      Math.max(1, Math.floor(pieceBytes / panelBytes));
    this.#filter = filter;
    const itemBytes = filter instanceof Float32Array
      ? 0
      : filter.values.BYTES_PER_ELEMENT;
    this.#blocks = heap.allocateAll([
      scratchBytes,
      // The kernels read eight values where four are left.
      (this.rows * length + 4) * itemBytes,
      itemBytes && this.rows * floatBytes,
      expanded ? this.rows * length * floatBytes : 0,
    ]);
    const [scratch, values, factors, floats] = this.#blocks;
    this.scratch = scratch.address;
    [this.#values, this.#factors] = [values, factors];
    this.#floats = expanded ? floats : undefined;
  }

  /** The address of the first row. */
  get address(): number {
    return (this.#floats ?? this.#values).address;
  }

  /** Copies the filter's rows from `first` up to, not including, `end` to the heap. */
  fill(first: number, end: number): void {
    const { length, device: { heap, pool } } = this, filter = this.#filter;
    const from = first * length, to = end * length;
    if (filter instanceof Float32Array) {
      heap.view(this.#floats!).set(filter.subarray(from, to));
      return;
    }
    const values = this.#values, factors = this.#factors;
    const View = filter.values.constructor as Uint16ArrayConstructor;
    new View(heap.memory.buffer, values.address)
      .set(filter.values.subarray(from, to));
    if (!this.#floats) return;
    heap.view(factors).set(filter.factors.subarray(first, end));
    const rows = end - first;
    pool.run("expandRows", Math.ceil(rows / panelChannels), {
      x: values.address,
      xRowBytes: length * filter.values.BYTES_PER_ELEMENT,
      dtype: weightsDTypes.indexOf(
        filter.values instanceof Int8Array ? "int8" : "float16",
      ),
      factors: factors.address,
      y: this.address,
      yRowBytes: length * floatBytes,
      rows,
      rowsPerChunk: panelChannels,
    });
  }

  /** Frees the memory. */
  dispose(): void {
    for (const block of this.#blocks) block.free();
  }
}
