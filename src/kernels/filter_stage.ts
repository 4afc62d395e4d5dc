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
import { describe, type Job } from "./pool.ts";
import { type Fields, type TaskName, tasks } from "./tasks.ts";

const floatBytes = 4;

/** The approximate size of what is expanded at a time, and of what is staged at a time. */
const pieceBytes = 1 << 20, stageBytes = 8 << 20;

/** How many panels are expanded, and how many staged, at a time; `length` is a row's. */
export function panelsAtATime(
  filter: Filter,
  length: number,
): { piece: number; stage: number } {
  const itemBytes = filter instanceof Float32Array
    ? floatBytes
    : filter.values.BYTES_PER_ELEMENT;
  const fitting = (bytes: number, weightBytes: number) =>
    Math.max(1, Math.floor(bytes / (panelChannels * length * weightBytes)));
  const piece = fitting(pieceBytes, floatBytes);
  return { piece, stage: Math.max(piece, fitting(stageBytes, itemBytes)) };
}

/** Some rows of a filter; a row belongs to one output channel. */
export interface Rows {
  /** The first row, and the one after the last. */
  readonly first: number;
  readonly end: number;
  /** The length of a row. */
  readonly length: number;
}

/** Rows of a filter on the heap, and what is to be done with them there. */
export class FilterStage {
  /** In the order in which they run. */
  readonly jobs: Job[] = [];
  /** The address of memory for the kernels. */
  readonly scratch: number;
  readonly #blocks: Block[];
  readonly #rowBytes: number;
  readonly #values: Block;
  readonly #factors: Block;
  /** Expanded rows, a piece at a time. */
  readonly #floats: Block;

  /**
   * @param rows What to stage.
   * @param expandedRows The most rows that become floats at a time; 0 if they stay as they are.
   * @param scratchBytes How much memory the kernels need meanwhile.
   */
  constructor(
    readonly device: Device,
    filter: Filter,
    readonly rows: Rows,
    expandedRows: number,
    scratchBytes: number,
  ) {
    const { heap } = device, { first, end, length } = rows;
    const { values, factors } = filter instanceof Float32Array
      ? { values: filter, factors: new Float32Array() }
      : filter;
    this.#rowBytes = length * values.BYTES_PER_ELEMENT;
    this.#blocks = heap.allocateAll([
      scratchBytes,
      // The kernels read eight values where four are left.
      (end - first) * this.#rowBytes + 4 * values.BYTES_PER_ELEMENT,
      (end - first) * floatBytes,
      expandedRows * length * floatBytes,
    ]);
    const [scratch, ...staged] = this.#blocks;
    this.scratch = scratch.address;
    [this.#values, this.#factors, this.#floats] = staged;
    const View = values.constructor as Float32ArrayConstructor;
    new View(heap.memory.buffer, this.#values.address)
      .set(values.subarray(first * length, end * length));
    heap.floats.set(
      factors.subarray(first, end),
      this.#factors.address / floatBytes,
    );
  }

  /** The address of rows, as they were staged. */
  addressOf({ first }: Pick<Rows, "first">): number {
    return this.#values.address + (first - this.rows.first) * this.#rowBytes;
  }

  /** Adds the expansion of rows to floats. Returns their address. */
  expand({ first, end, length }: Rows, dtype: "float16" | "int8"): number {
    const skipped = first - this.rows.first, rows = end - first;
    this.add("expandRows", Math.ceil(rows / panelChannels), {
      x: this.#values.address + skipped * this.#rowBytes,
      xRowBytes: this.#rowBytes,
      dtype: weightsDTypes.indexOf(dtype),
      factors: this.#factors.address + skipped * floatBytes,
      y: this.#floats.address,
      yRowBytes: length * floatBytes,
      rows,
      rowsPerChunk: panelChannels,
    });
    return this.#floats.address;
  }

  /** Adds a job. */
  add<T extends TaskName>(task: T, chunks: number, fields: Fields<T>): void {
    const { heap } = this.device;
    const block = heap.allocate(tasks[task].length * floatBytes);
    this.#blocks.push(block);
    describe(heap, block.address, task, fields);
    this.jobs.push({ task, chunks, descriptor: block.address });
  }

  /** Frees the memory. */
  dispose(): void {
    for (const block of this.#blocks) block.free();
  }
}
