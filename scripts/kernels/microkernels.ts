/**
 * The inner loops: products of a few rows of activations with a panel of eight output channels.
 *
 * Six rows by eight channels keep 12 accumulators, two vectors of weights and one splat in 15 of
 * the 16 registers that SSE and AVX have; without fused multiply-add five rows do best. There is
 * a pointer for each row, and constant offsets from it, because a runtime that checks bounds does
 * so for each address.
 *
 * @module
 */

import {
  type Callable,
  type Code,
  f32x4,
  i32,
  type Local,
  loopWhile,
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
  /** Addresses of the rows' starts. */
  readonly rows: Local[];
  /** Where in its row each pointer stands; none is carried from one round to the next. */
  readonly #pointers: Local[];
  readonly #weights: Local[];
  readonly #splat: Local;

  constructor(
    variables: Variables,
    count: number,
    readonly arithmetic: Arithmetic,
    /** Bytes between the inputs of the two vectors' channels: not 0 where they are two groups. */
    readonly spread: number,
  ) {
    this.sums = Array.from(
      { length: count },
      () => variables.locals(vectors, "v128"),
    );
    this.rows = variables.locals(count);
    this.#pointers = variables.locals(count);
    this.#weights = variables.locals(vectors, "v128");
    this.#splat = variables.local("v128");
  }

  /** `steps` products for each sum; moves `b` and the offset in the rows on. */
  multiply(b: Local, offset: Local, steps: number): Code {
    const code = this.#pointers.map((pointer, i) =>
      pointer.set(i32.add(this.rows[i], offset))
    );
    for (let step = 0; step < steps; step++) {
      this.#weights.forEach((weight, j) =>
        code.push(
          weight.set(v128.load(b, step * panelBytes + j * vectorBytes)),
        )
      );
      this.#pointers.forEach((pointer, i) =>
        code.push(this.#row(pointer, i, step))
      );
    }
    return sequence(
      ...code,
      offset.set(i32.add(offset, i32.const(steps * floatBytes))),
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

  /** Calls back for each sum with its place in the row, moving `pointer` on from row to row. */
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
 * Tiles of a convolution: sums over taps of products over channels, from a bias to an epilogue.
 *
 * Parameters: number of tiles; table of row offsets, `[tile][tap][row]`, -1 for a row of zeros;
 * number of taps; bytes of a row's channels; address that the offsets count from; a row of zeros; weights
 * `[tap][channel][8]`; output; bytes between its rows; bias; residual, laid out like the output,
 * or 0; lower bound of the result.
 */
export function convolutionKernel(
  module: ModuleBuilder,
  name: string,
  rows: number,
  arithmetic: Arithmetic,
  spread = 0,
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
      const [b, tableEnd, offset, entry] = variables.locals(4);
      const unrolled = spread ? [4] : [8, 4, 1];
      const ends = variables.locals(unrolled.length);
      const bound = variables.local("v128");
      const tapBytes = rows * floatBytes;
      const readTable = tile.rows.map((row, i) =>
        sequence(
          entry.set(i32.load(table, i * floatBytes)),
          row.set(select(
            zeros,
            i32.add(x, entry),
            i32.eq(entry, i32.const(-1)),
          )),
        )
      );
      return sequence(
        ...unrolled.map((steps, i) =>
          ends[i].set(i32.and(depth, i32.const(-steps * floatBytes)))
        ),
        bound.set(f32x4.splat(low)),
        repeatWhile(
          count,
          b.set(weights),
          ...tile.sums.flatMap((sums, i) =>
            sums.map((sum, j) =>
              sum.set(i ? tile.sums[0][j] : v128.load(bias, j * vectorBytes))
            )
          ),
          tableEnd.set(i32.add(table, i32.mul(taps, i32.const(tapBytes)))),
          repeatWhile(
            i32.lt_u(table, tableEnd),
            ...readTable,
            offset.set(i32.const(0)),
            ...unrolled.map((steps, i) =>
              loopWhile(
                i32.lt_u(offset, ends[i]),
                tile.multiply(b, offset, steps),
              )
            ),
            table.set(i32.add(table, i32.const(tapBytes))),
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
 * weights `[channel][8]`; output; bytes between its rows.
 */
export function productKernel(
  module: ModuleBuilder,
  name: string,
  rows: number,
  arithmetic: Arithmetic,
): Callable {
  return module.define(
    name,
    Array(7).fill("i32"),
    (variables, count, x, pitch, depth, weights, y, rowBytes) => {
      const tile = new Tile(variables, rows, arithmetic, 0);
      const [b, offset] = variables.locals(2);
      return repeatWhile(
        count,
        b.set(weights),
        ...tile.rows.flatMap((row) => [
          row.set(x),
          x.set(i32.add(x, pitch)),
        ]),
        ...tile.sums.flat().map((sum) => sum.set(arithmetic.constant(0))),
        offset.set(i32.const(0)),
        repeatWhile(
          i32.lt_u(offset, depth),
          tile.multiply(b, offset, 8),
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
