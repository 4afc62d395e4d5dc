/**
 * The way of a filter to the heap: in pieces, as float32.
 *
 * @module
 */

import type { Filter } from "../arch/folded_conv.ts";
import { weightsDTypes } from "../arch/weights_dtype.ts";
import type { Block } from "./heap.ts";
import { panelChannels } from "./pack.ts";
import type { Runtime } from "./means.ts";

/** About so many bytes are on their way at once. */
const pieceBytes = 1 << 20;

const floatBytes = 4;
/** Some rows of a filter on the heap. */
export class FilterStage {
  /** The most rows that it holds, a multiple of a panel's. */
  readonly rows: number;
  readonly #floats: Block | undefined;
  /** Rows as they came, and their factors. */
  readonly #stored: { values: Block; factors: Block } | undefined;
  readonly #filter: Filter;

  /**
   * @param length Of a row.
   * @param expanded False: rows stay as they are.
   */
  constructor(
    readonly runtime: Runtime,
    filter: Filter,
    readonly length: number,
    expanded: boolean,
  ) {
    const { heap } = runtime;
    const panelBytes = panelChannels * length * floatBytes;
    this.rows = panelChannels *
      Math.max(1, Math.floor(pieceBytes / panelBytes));
    this.#filter = filter;
    this.#floats = expanded
      ? heap.allocate(this.rows * length * floatBytes)
      : undefined;
    if (filter instanceof Float32Array) return;
    const itemBytes = filter.values.BYTES_PER_ELEMENT;
    this.#stored = {
      // A vector of eight is read where four are left.
      values: heap.allocate((this.rows * length + 4) * itemBytes),
      factors: heap.allocate(this.rows * floatBytes),
    };
  }

  /** Where its first row stands. */
  get address(): number {
    return (this.#floats ?? this.#stored!.values).address;
  }

  /** Brings rows of the filter to the heap, from `first` on and before `end`. */
  fill(first: number, end: number): void {
    const { length, runtime: { heap, pool } } = this, filter = this.#filter;
    const from = first * length, to = end * length;
    if (filter instanceof Float32Array) {
      heap.view(this.#floats!).set(filter.subarray(from, to));
      return;
    }
    const { values, factors } = this.#stored!;
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

  /** Frees it. */
  dispose(): void {
    this.#floats?.free();
    this.#stored?.values.free();
    this.#stored?.factors.free();
  }
}
