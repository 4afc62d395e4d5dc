/**
 * The inner loops: products of a few rows of activations with a panel of eight output channels.
 *
 * Six rows by eight channels keep 12 accumulators, two vectors of weights and one splat in 15 of
 * the 16 registers of SSE and AVX; without fused multiply-add five rows are fastest. Each row has a
 * pointer and constant offsets from it, since engines that check bounds do so for each address.
 *
 * @module
 */

import {
  type Callable,
  type Code,
  f32x4,
  i32,
  type Local,
  type ModuleBuilder,
  repeatWhile,
  select,
  sequence,
  v128,
  type Variables,
  when,
} from "./assembler.ts";
import type { Arithmetic } from "./arithmetic.ts";

const vectors = 2, floatBytes = 4, vectorBytes = 16;
const panelBytes = vectors * vectorBytes;

/** The registers of one tile. */
class Tile {
  readonly sums: Local[][];
  /** A pointer into each row. */
  readonly rows: Local[];
  readonly #weights: Local[];
  readonly #splat: Local;

  constructor(
    variables: Variables,
    count: number,
    readonly arithmetic: Arithmetic,
    /** Bytes between the inputs of the two vectors; not 0 if they are two groups. */
    readonly spread: number,
  ) {
    this.sums = Array.from(
      { length: count },
      () => variables.locals(vectors, "v128"),
    );
    this.rows = variables.locals(count);
    this.#weights = variables.locals(vectors, "v128");
    this.#splat = variables.local("v128");
  }

  /** Adds `steps` products to each sum, and advances the rows and `b`. */
  multiply(b: Local, steps: number): Code {
    const code: Code[] = [];
    for (let step = 0; step < steps; step++) {
      this.#weights.forEach((weight, j) =>
        code.push(
          weight.set(v128.load(b, step * panelBytes + j * vectorBytes)),
        )
      );
      this.rows.forEach((pointer, i) => code.push(this.#row(pointer, i, step)));
    }
    return sequence(
      ...code,
      ...this.rows.map((row) =>
        row.set(i32.add(row, i32.const(steps * floatBytes)))
      ),
      b.set(i32.add(b, i32.const(steps * panelBytes))),
    );
  }

  #row(pointer: Local, i: number, step: number): Code {
    const code: Code[] = [];
    this.sums[i].forEach((sum, j) => {
      if (j === 0 || this.spread) {
        const offset = step * floatBytes + j * this.spread;
        code.push(this.#splat.set(v128.load32_splat(pointer, offset)));
      }
      const product = this.arithmetic.madd(
        this.#splat,
        this.#weights[j],
        sum,
      );
      code.push(sum.set(product));
    });
    return sequence(...code);
  }

  /** Visits each sum with its offset in the row; `pointer` advances from row to row. */
  each(
    pointer: Local,
    rowBytes: Local,
    visit: (sum: Local, offset: number) => Code,
  ): Code {
    return sequence(...this.sums.flatMap((sums) => [
      ...sums.map((sum, j) => visit(sum, j * vectorBytes)),
      pointer.set(i32.add(pointer, rowBytes)),
    ]));
  }
}

const decrement = (count: Local) => count.set(i32.sub(count, i32.const(1)));

/**
 * Tiles of a convolution: bias, sums over taps and channels, epilogue. A round of the loop takes
 * `steps` channels of all rows.
 *
 * Parameters: number of tiles; table of row offsets, `[tile][tap][row]`, -1 for a row of zeros;
 * number of taps; bytes of a row's channels, a multiple of `4 * steps`; base address of the offsets;
 * a row of zeros; weights `[tap][channel][8]`; output; bytes between its rows; bias; residual with
 * the output's layout, or 0; lower bound of the result.
 */
export function convolutionKernel(
  module: ModuleBuilder,
  name: string,
  rows: number,
  arithmetic: Arithmetic,
  steps: number,
  spread: number,
): Callable {
  return module.define(
    name,
    [...Array(11).fill("i32"), "f32"],
    (
      variables,
      count,
      table,
      taps,
      depth,
      x,
      zeros,
      weights,
      y,
      rowBytes,
      bias,
      residual,
      low,
    ) => {
      const tile = new Tile(variables, rows, arithmetic, spread);
      const [b, bEnd, rowEnd, entry] = variables.locals(4);
      const [first] = tile.rows;
      const bound = variables.local("v128");
      const tapBytes = rows * floatBytes;
      const readTable = tile.rows.map((row, i) =>
        sequence(
          entry.set(i32.load(table, i * floatBytes)),
          // Not a choice between two sums: V8 knows that a sum needs no extension to 64 bits.
          row.set(i32.add(
            x,
            select(zeros, entry, i32.eq(entry, i32.const(-1))),
          )),
        )
      );
      return sequence(
        bEnd.set(i32.add(
          weights,
          i32.mul(i32.mul(taps, depth), i32.const(panelBytes / floatBytes)),
        )),
        bound.set(f32x4.splat(low)),
        zeros.set(i32.sub(zeros, x)),
        repeatWhile(
          count,
          b.set(weights),
          ...tile.sums.flatMap((sums, i) =>
            sums.map((sum, j) =>
              sum.set(i ? tile.sums[0][j] : v128.load(bias, j * vectorBytes))
            )
          ),
          // Not two nested loops, for which V8 runs out of registers. The first pointer is at the
          // end of its row after each tap.
          repeatWhile(
            i32.lt_u(b, bEnd),
            when(
              i32.eq(first, rowEnd),
              sequence(
                ...readTable,
                rowEnd.set(i32.add(first, depth)),
                table.set(i32.add(table, i32.const(tapBytes))),
              ),
            ),
            tile.multiply(b, steps),
          ),
          when(
            residual,
            tile.each(
              residual,
              rowBytes,
              (sum, offset) =>
                sum.set(f32x4.add(sum, v128.load(residual, offset))),
            ),
          ),
          tile.each(
            y,
            rowBytes,
            (sum, offset) => v128.store(y, f32x4.pmax(sum, bound), offset),
          ),
          decrement(count),
        ),
      );
    },
  );
}

/**
 * Tiles of a plain matrix product.
 *
 * Parameters: number of tiles; first row; bytes between rows; bytes of a row, a multiple of 32;
 * weights `[channel][8]`; output; bytes between its rows; whether the product is added to it.
 */
export function productKernel(
  module: ModuleBuilder,
  name: string,
  rows: number,
  arithmetic: Arithmetic,
): Callable {
  return module.define(
    name,
    Array(8).fill("i32"),
    (variables, count, x, pitch, depth, weights, y, rowBytes, added) => {
      const tile = new Tile(variables, rows, arithmetic, 0);
      const [b, end, at] = variables.locals(3);
      return repeatWhile(
        count,
        b.set(weights),
        ...tile.rows.flatMap((row) => [
          row.set(x),
          x.set(i32.add(x, pitch)),
        ]),
        ...tile.sums.flat().map((sum) => sum.set(arithmetic.constant(0))),
        end.set(i32.add(tile.rows[0], depth)),
        repeatWhile(
          i32.lt_u(tile.rows[0], end),
          tile.multiply(b, 8),
        ),
        when(
          added,
          sequence(
            at.set(y),
            tile.each(
              at,
              rowBytes,
              (sum, offset) => sum.set(f32x4.add(sum, v128.load(at, offset))),
            ),
          ),
        ),
        tile.each(
          y,
          rowBytes,
          (sum, offset) => v128.store(y, sum, offset),
        ),
        decrement(count),
      );
    },
  );
}
