/**
 * The two passes of PIL's resize on 8-bit pixels (`Resample.c`), with its bits.
 *
 * A weight has 22 bits behind the point, too many for products of 16-bit integers. It is split into
 * its low 15 bits and the rest, and so is the sum: `(high << 15) + low` is the sum that PIL has,
 * whatever either of them overflowed.
 *
 * @module
 */

import {
  type Code,
  i16x8,
  i32,
  i32x4,
  i8x16,
  type Local,
  ModuleBuilder,
  range,
  repeatWhile,
  sequence,
  v128,
} from "./assembler.ts";
import { sum } from "./tiling.ts";

/** Bits of a weight behind the point. */
const precision = 22;
const lowBits = 15;

/** Half of the last bit that stays, in each lane. */
const half = i32x4.splat(i32.const(1 << (precision - 1)));
const zero = i32x4.splat(i32.const(0));

/** The parts of a sum, in `vectors` of four lanes. */
interface Sums {
  readonly low: readonly Local[];
  readonly high: readonly Local[];
}

const start = ({ low, high }: Sums): Code =>
  sequence(
    ...low.map((local) => local.set(half)),
    ...high.map((local) => local.set(zero)),
  );

/** Adds pairs of pixels times pairs of weights. */
const accumulate = (sums: readonly Local[], pairs: Code[], weights: Code) =>
  sequence(
    ...sums.map((local, i) =>
      local.set(i32x4.add(local, i32x4.dot_i16x8_s(pairs[i], weights)))
    ),
  );

/** A sum's whole numbers. */
const rounded = (low: Code, high: Code): Code =>
  i32x4.shr_s(
    i32x4.add(i32x4.shl(high, i32.const(lowBits)), low),
    i32.const(precision),
  );

const load32 = (table: Code, index: Code) =>
  i32.load(i32.add(table, i32.mul(index, i32.const(4))));

/**
 * The horizontal pass over some rows of RGB pixels, two at a time.
 *
 * For each output pixel `starts` has the byte of its first input pixel, `groups` its number of
 * groups of four input pixels, and `weights`, `stride` bytes apart, each group's low parts, two to a
 * word, and then its high parts. It may read 13 bytes more than a row has, and write one more.
 */
function defineHorizontal(module: ModuleBuilder): void {
  module.define(
    "horizontal",
    Array(10).fill("i32"),
    (
      variables,
      ...[
        from,
        rowBytes,
        to,
        toRowBytes,
        rows,
        starts,
        groups,
        weights,
        stride,
        columns,
      ]
    ) => {
      const [row, column, weight, end, offset] = variables.locals(5);
      const lines = [0, 1].map(() => {
        const [source, at, target] = variables.locals(3);
        const [low, high, first, second] = variables.locals(4, "v128");
        return { source, at, target, low, high, first, second };
      });
      const pixels = variables.local("v128");
      // Red, green and blue of two pixels, each pair side by side; then those of the next two.
      const places = [0, 3, 1, 4, 2, 5, 2, 5, 6, 9, 7, 10, 8, 11, 8, 11];
      return range(
        row,
        i32.const(0),
        i32.div_u(i32.add(rows, i32.const(1)), i32.const(2)),
        ...lines.map(({ source, target }, i) => {
          // Of an odd number of rows the last is done twice.
          const wanted = i32.add(i32.mul(row, i32.const(2)), i32.const(i));
          return sequence(
            offset.set(wanted),
            offset.set(i32.sub(offset, i32.le_u(rows, offset))),
            source.set(i32.add(from, i32.mul(offset, rowBytes))),
            target.set(i32.add(to, i32.mul(offset, toRowBytes))),
          );
        }),
        range(
          column,
          i32.const(0),
          columns,
          weight.set(i32.add(weights, i32.mul(column, stride))),
          end.set(
            i32.add(weight, i32.mul(load32(groups, column), i32.const(16))),
          ),
          offset.set(load32(starts, column)),
          ...lines.map(({ source, at, low, high }) =>
            sequence(
              at.set(i32.add(source, offset)),
              start({ low: [low], high: [high] }),
            )
          ),
          repeatWhile(
            i32.lt_u(weight, end),
            ...lines.map(({ at, low, high, first, second }) =>
              sequence(
                pixels.set(v128.load(at)),
                pixels.set(i8x16.shuffle(pixels, pixels, places)),
                first.set(i16x8.extend_low_i8x16_u(pixels)),
                second.set(i16x8.extend_high_i8x16_u(pixels)),
                accumulate([low], [first], v128.load32_splat(weight)),
                accumulate([low], [second], v128.load32_splat(weight, 4)),
                accumulate([high], [first], v128.load32_splat(weight, 8)),
                accumulate([high], [second], v128.load32_splat(weight, 12)),
                at.set(i32.add(at, i32.const(12))),
              )
            ),
            weight.set(i32.add(weight, i32.const(16))),
          ),
          ...lines.map(({ target, low, high }) => {
            const words = rounded(low, high);
            const halves = i16x8.narrow_i32x4_s(words, words);
            return sequence(
              v128.store32_lane(
                target,
                i8x16.narrow_i16x8_u(halves, halves),
                0,
              ),
              target.set(i32.add(target, i32.const(3))),
            );
          }),
        ),
      );
    },
    true,
  );
}

/**
 * The vertical pass over rows of bytes, sixteen at a time; a row has a multiple of that.
 *
 * For each output row `starts` has the byte of its first input row, `pairs` its number of pairs of
 * input rows, and `weights`, `stride` bytes apart, each pair's low parts in one word and its high
 * parts in the next. It may read one row more than there is.
 */
function defineVertical(module: ModuleBuilder): void {
  module.define(
    "vertical",
    Array(8).fill("i32"),
    (
      variables,
      ...[from, rowBytes, to, rows, starts, pairs, weights, stride]
    ) => {
      const [row, source, x, at, weight, firstWeight, end] = variables
        .locals(7);
      const low = variables.locals(4, "v128");
      const high = variables.locals(4, "v128");
      const values = variables.locals(4, "v128");
      const [upper, lower] = variables.locals(2, "v128");
      const interleaved = (half: number) =>
        Array.from(
          { length: 16 },
          (_, i) => 8 * half + (i >> 1) + 16 * (i % 2),
        );
      return range(
        row,
        i32.const(0),
        rows,
        source.set(i32.add(from, load32(starts, row))),
        firstWeight.set(i32.add(weights, i32.mul(row, stride))),
        end.set(
          i32.add(firstWeight, i32.mul(load32(pairs, row), i32.const(8))),
        ),
        x.set(i32.const(0)),
        repeatWhile(
          i32.lt_u(x, rowBytes),
          at.set(i32.add(source, x)),
          weight.set(firstWeight),
          start({ low, high }),
          repeatWhile(
            i32.lt_u(weight, end),
            upper.set(v128.load(at)),
            lower.set(v128.load(i32.add(at, rowBytes))),
            values[2].set(i8x16.shuffle(upper, lower, interleaved(0))),
            values[3].set(i8x16.shuffle(upper, lower, interleaved(1))),
            values[0].set(i16x8.extend_low_i8x16_u(values[2])),
            values[1].set(i16x8.extend_high_i8x16_u(values[2])),
            values[2].set(i16x8.extend_low_i8x16_u(values[3])),
            values[3].set(i16x8.extend_high_i8x16_u(values[3])),
            upper.set(v128.load32_splat(weight)),
            lower.set(v128.load32_splat(weight, 4)),
            accumulate(low, values, upper),
            accumulate(high, values, lower),
            at.set(sum(at, rowBytes, rowBytes)),
            weight.set(i32.add(weight, i32.const(8))),
          ),
          v128.store(
            sum(to, i32.mul(row, rowBytes), x),
            i8x16.narrow_i16x8_u(
              i16x8.narrow_i32x4_s(
                rounded(low[0], high[0]),
                rounded(low[1], high[1]),
              ),
              i16x8.narrow_i32x4_s(
                rounded(low[2], high[2]),
                rounded(low[3], high[3]),
              ),
            ),
          ),
          x.set(i32.add(x, i32.const(16))),
        ),
      );
    },
    true,
  );
}

/** The module `resize.wasm`. */
export function resizeModule(): ModuleBuilder {
  const module = new ModuleBuilder();
  defineHorizontal(module);
  defineVertical(module);
  return module;
}
