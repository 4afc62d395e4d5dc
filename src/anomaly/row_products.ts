/**
 * Matrix products with many rows, on the network's kernels.
 *
 * @module
 */

import "../runtime/dispose.ts";
import * as tf from "@tensorflow/tfjs-core";
import type { Kernels, Prepared } from "../kernels/kernels.ts";
import type { KernelWeights } from "../kernels/operations.ts";

/** Rows of a block: its products with a picture's patches take a few megabytes. */
const blockRows = 1024;

/** Vectors that are multiplied at a time. */
const vectorsAtATime = 1024;

/** Numbers of vectors that a block stays prepared for: pictures may have patches of any number. */
const mostPrepared = 3;

/** The products of some vectors with a block of rows. */
export interface Products {
  /** The first vector, and how many there are. */
  readonly vector: number;
  readonly vectors: number;
  /** The first row, and how many there are. */
  readonly row: number;
  readonly rows: number;
  /** `[vectors, rows]`. */
  readonly values: Float32Array;
}

/** A block of rows, and what multiplies it with so many vectors. */
interface Block {
  readonly row: number;
  readonly rows: number;
  readonly weights: KernelWeights;
  readonly prepared: Map<number, Prepared>;
}

/**
 * The rows of a matrix in the kernels' memory. Memory for products doesn't grow with their number.
 */
export class RowProducts implements Disposable {
  readonly #kernels: Kernels;
  readonly #blocks: Block[] = [];
  #count = 0;

  /** @param columns The length of a row. */
  constructor(kernels: Kernels, readonly columns: number) {
    this.#kernels = kernels;
  }

  /**
   * Adds a block of rows.
   *
   * @param rows `[n, columns]`.
   * @param bias Added to the products of each row.
   * @throws {RangeError} If there is no memory.
   */
  #addBlock(rows: Float32Array, bias: Float32Array): void {
    const count = rows.length / this.columns;
    const module = {
      type: "Linear",
      name: "",
      children: new Map(),
      inFeatures: this.columns,
      outFeatures: count,
    } as const;
    const weights = this.#kernels.loadLinear(module, rows, bias);
    const row = this.#count;
    this.#blocks.push({ row, rows: count, weights, prepared: new Map() });
    this.#count += count;
  }

  /** The same for any number of rows. */
  add(rows: Float32Array, bias: (row: Float32Array) => number): void {
    const { columns } = this, size = blockRows * columns;
    for (let at = 0; at < rows.length; at += size) {
      const block = rows.subarray(at, at + size);
      const biases = Float32Array.from(
        { length: block.length / columns },
        (_, i) => bias(block.subarray(i * columns, (i + 1) * columns)),
      );
      this.#addBlock(block, biases);
    }
    this.#kernels.finishLoading();
  }

  /** Number of rows. */
  get count(): number {
    return this.#count;
  }

  /**
   * The products of vectors with all rows, plus the rows' biases, a block at a time.
   *
   * @param vectors `[n, columns]`.
   */
  *with(vectors: Float32Array): Generator<Products> {
    const { columns } = this, size = vectorsAtATime * columns;
    for (let at = 0; at < vectors.length; at += size) {
      const some = vectors.subarray(at, at + size);
      const count = some.length / columns;
      const x = tf.tensor2d(some, [count, columns]);
      try {
        for (const block of this.#blocks) {
          const { row, rows } = block;
          const [y] = this.#prepared(block, count).run([x]);
          const values = y.dataSync<"float32">();
          y.dispose();
          yield { vector: at / columns, vectors: count, row, rows, values };
        }
      } finally {
        x.dispose();
      }
    }
  }

  #prepared({ weights, prepared }: Block, vectors: number): Prepared {
    const found = prepared.get(vectors) ?? this.#kernels.prepare(
      [[vectors, this.columns]],
      (operations, [x]) => [operations.linear(x, weights)],
    );
    // The last used comes last.
    prepared.delete(vectors);
    prepared.set(vectors, found);
    if (prepared.size > mostPrepared) {
      const [[oldest, pass]] = prepared;
      prepared.delete(oldest);
      pass.dispose();
    }
    return found;
  }

  /** Frees the rows. */
  dispose(): void {
    for (const { weights, prepared } of this.#blocks.splice(0)) {
      for (const pass of prepared.values()) pass.dispose();
      weights.dispose();
    }
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * The bias that makes a product grow as a distance shrinks: `|x - r|^2 = |x|^2 - 2 (x r - |r|^2 / 2)`.
 */
export function minusHalfSquare(row: Float32Array): number {
  let sum = 0;
  for (const value of row) sum += value * value;
  return -sum / 2;
}
