/**
 * Cutting rows into tiles, and runs of tiles of the same size.
 *
 * @module
 */

import { type Code, i32, type Local, sequence, when } from "./assembler.ts";

/** The sum of all terms. */
export const sum = (...terms: Code[]): Code =>
  terms.reduce((a, b) => i32.add(a, b));

/** The quotient, rounded up. */
export const ceilDiv = (a: Code, b: Code): Code =>
  i32.div_u(i32.sub(i32.add(a, b), i32.const(1)), b);

/** The number of tiles of `most` rows, of those of one less, and the rows of the last tile. */
export type Split = Record<"large" | "small" | "rest", Local>;

/**
 * Splits rows into tiles of `most` rows, of one less, and, for few counts, a smaller rest.
 *
 * `most - 1` is -1 modulo `most`, so the number of small tiles is minus the number of rows modulo
 * `most`.
 */
export function splitRows(
  count: Code,
  most: number,
  { large, small, rest }: Split,
): Code {
  const n = i32.const(most);
  return sequence(
    small.set(i32.rem_u(i32.sub(n, i32.rem_u(count, n)), n)),
    rest.set(i32.mul(small, i32.const(most - 1))),
    when(i32.lt_u(count, rest), small.set(i32.const(0))),
    rest.set(i32.sub(count, i32.mul(small, i32.const(most - 1)))),
    large.set(i32.div_u(rest, n)),
    rest.set(i32.rem_u(rest, n)),
  );
}

/** The run of equal tiles that starts at a tile: the rows of each, their number, the first row. */
export function runOf(
  tile: Code,
  most: number,
  { large, small, rest, rows, run, row }:
    & Split
    & Record<"rows" | "run" | "row", Local>,
): Code {
  const both = i32.add(large, small);
  const rowOfSmall = (index: Code) =>
    i32.add(
      i32.mul(large, i32.const(most)),
      i32.mul(index, i32.const(most - 1)),
    );
  return when(
    i32.lt_u(tile, large),
    sequence(
      rows.set(i32.const(most)),
      run.set(i32.sub(large, tile)),
      row.set(i32.mul(tile, i32.const(most))),
    ),
    when(
      i32.lt_u(tile, both),
      sequence(
        rows.set(i32.const(most - 1)),
        run.set(i32.sub(both, tile)),
        row.set(rowOfSmall(i32.sub(tile, large))),
      ),
      sequence(
        rows.set(rest),
        run.set(i32.const(1)),
        row.set(rowOfSmall(small)),
      ),
    ),
  );
}

/** Code for each of the numbers 1 to `most`; the largest is tested first. */
export function choose(
  value: Code,
  code: (value: number) => Code,
  most: number,
): Code {
  return most === 1 ? code(1) : when(
    i32.eq(value, i32.const(most)),
    code(most),
    choose(value, code, most - 1),
  );
}
