/**
 * Winograd's transforms of whole tiles, from the input and to the output.
 *
 * @module
 */

import type { Arithmetic } from "./arithmetic.ts";
import {
  type Callable,
  type Code,
  f32,
  f32x4,
  i32,
  type Local,
  loopWhile,
  min_u,
  type ModuleBuilder,
  range,
  repeatWhile,
  select,
  sequence,
  v128,
  when,
} from "./assembler.ts";
import type { FieldLocals } from "./task.ts";
import { sum } from "./tiling.ts";
import { Transforms } from "./winograd_transforms.ts";

const vectorBytes = 16;

/** The fields of these tasks. */
export type WinogradFields = FieldLocals<"winogradProduct">;

/** The last parameters of the input's transform. */
export const inputFields = (f: WinogradFields) => [
  f.x,
  f.xImage,
  f.zeros,
  f.table,
  f.tilesPerImage,
  f.vXi,
  f.depth,
];

/** Transforms tile after tile, all channels of each; the table tells where its pixels are. */
export function defineInput(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
  outputs: 2 | 4,
): Callable {
  const side = outputs + 2;
  const one = module.define(
    `transformInput${outputs}`,
    Array(6).fill("i32"),
    (variables, table, x, zeros, v, vXi, depth) => {
      const [offset, to, entry] = variables.locals(3);
      const pixels = variables.locals(side * side);
      const t = new Transforms(variables, arithmetic);
      const columns = Array.from({ length: side }, (_, column) => {
        const values = Array.from(
          { length: side },
          (_, row) =>
            t.value(v128.load(i32.add(pixels[row * side + column], offset))),
        );
        return t.input(values);
      });
      for (let row = 0; row < side; row++) {
        for (const value of t.input(columns.map((column) => column[row]))) {
          t.emit(v128.store(to, value));
          t.emit(to.set(i32.add(to, vXi)));
        }
      }
      return sequence(
        ...pixels.map((pixel, i) =>
          sequence(
            entry.set(i32.load(table, 4 * i)),
            pixel.set(select(
              zeros,
              i32.add(x, entry),
              i32.eq(entry, i32.const(-1)),
            )),
          )
        ),
        t.constants(),
        repeatWhile(
          i32.lt_u(offset, depth),
          to.set(i32.add(v, offset)),
          t.code(),
          offset.set(i32.add(offset, i32.const(vectorBytes))),
        ),
      );
    },
  );
  return module.define(
    `transformInputs${outputs}`,
    Array(10).fill("i32"),
    (
      _,
      tile,
      tileEnd,
      v,
      x,
      xImage,
      zeros,
      table,
      tilesPerImage,
      vXi,
      depth,
    ) =>
      loopWhile(
        i32.lt_u(tile, tileEnd),
        one(
          i32.add(
            table,
            i32.mul(
              i32.rem_u(tile, tilesPerImage),
              i32.const(4 * side * side),
            ),
          ),
          i32.add(x, i32.mul(i32.div_u(tile, tilesPerImage), xImage)),
          zeros,
          v,
          vXi,
          depth,
        ),
        v.set(i32.add(v, depth)),
        tile.set(i32.add(tile, i32.const(1))),
      ),
  );
}

/** The last parameters of the output's transform. */
export const outputFields = (f: WinogradFields): Code[] => [
  f.mXi,
  f.y,
  f.yImage,
  f.bias,
  f.residual,
  f.low,
  f.tilesPerImage,
  f.tilesWide,
  f.height,
  f.width,
  f.rowBytes,
];

/** Transforms tiles back; those that cross an edge are computed separately, then copied. */
export function defineOutput(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
  outputs: 2 | 4,
): Callable {
  const one = defineOutputTile(module, arithmetic, outputs);
  const n = i32.const(outputs);
  return module.define(
    `transformOutputs${outputs}`,
    [...Array(9).fill("i32"), "f32", ...Array(5).fill("i32")],
    (
      variables,
      tile,
      tileEnd,
      m,
      edge,
      mXi,
      y,
      yImage,
      bias,
      residual,
      low,
      tilesPerImage,
      tilesWide,
      height,
      width,
      rowBytes,
    ) => {
      const [inImage, top, left, to, add, wide, high] = variables.locals(7);
      const [row, offset, end, from] = variables.locals(4);
      const value = variables.local("v128");
      const pitch = i32.mul(width, rowBytes);

      const copy = sequence(
        high.set(min_u(n, i32.sub(height, top))),
        wide.set(min_u(n, i32.sub(width, left))),
        end.set(i32.mul(wide, rowBytes)),
        from.set(edge),
        range(
          row,
          i32.const(0),
          high,
          offset.set(i32.const(0)),
          repeatWhile(
            i32.lt_u(offset, end),
            value.set(v128.load(i32.add(from, offset))),
            when(
              residual,
              value.set(
                f32x4.add(value, v128.load(i32.add(add, offset))),
              ),
            ),
            v128.store(
              i32.add(to, offset),
              f32x4.pmax(value, f32x4.splat(low)),
            ),
            offset.set(i32.add(offset, i32.const(vectorBytes))),
          ),
          from.set(i32.add(from, i32.mul(n, rowBytes))),
          to.set(i32.add(to, pitch)),
          add.set(i32.add(add, pitch)),
        ),
      );

      return loopWhile(
        i32.lt_u(tile, tileEnd),
        inImage.set(i32.rem_u(tile, tilesPerImage)),
        top.set(i32.mul(i32.div_u(inImage, tilesWide), n)),
        left.set(i32.mul(i32.rem_u(inImage, tilesWide), n)),
        to.set(sum(
          i32.mul(i32.div_u(tile, tilesPerImage), yImage),
          i32.mul(i32.add(i32.mul(top, width), left), rowBytes),
        )),
        add.set(i32.const(0)),
        when(residual, add.set(i32.add(residual, to))),
        to.set(i32.add(y, to)),
        when(
          i32.and(
            i32.le_u(i32.add(top, n), height),
            i32.le_u(i32.add(left, n), width),
          ),
          one(m, mXi, to, pitch, bias, add, low, rowBytes),
          sequence(
            one(
              m,
              mXi,
              edge,
              i32.mul(n, rowBytes),
              bias,
              i32.const(0),
              f32.const(-Infinity),
              rowBytes,
            ),
            copy,
          ),
        ),
        m.set(i32.add(m, rowBytes)),
        tile.set(i32.add(tile, i32.const(1))),
      );
    },
  );
}

function defineOutputTile(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
  outputs: 2 | 4,
): Callable {
  const side = outputs + 2;
  return module.define(
    `transformOutput${outputs}`,
    [...Array(6).fill("i32"), "f32", "i32"],
    (variables, m, mXi, y, pitch, bias, residual, low, rowBytes) => {
      const [offset, from, row, at] = variables.locals(4);
      const bound = variables.local("v128");
      const t = new Transforms(variables, arithmetic);
      const rows = Array.from(
        { length: side },
        () =>
          t.output(Array.from({ length: side }, () => {
            const value = t.value(v128.load(from));
            t.emit(from.set(i32.add(from, mXi)));
            return value;
          })),
      );
      const shift = t.value(v128.load(i32.add(bias, offset)));
      const columns = Array.from(
        { length: outputs },
        (_, x) =>
          t.output(rows.map((row) => row[x]))
            .map((value) => t.add(value, shift)),
      );
      /** Visits the outputs row by row, from an address on. */
      const each = (
        start: Code,
        visit: (value: Local) => Code,
      ): Code =>
        sequence(
          row.set(i32.add(start, offset)),
          ...Array.from({ length: outputs }, (_, y) =>
            sequence(
              at.set(row),
              ...columns.map((column) =>
                sequence(
                  visit(column[y]),
                  at.set(i32.add(at, rowBytes)),
                )
              ),
              row.set(i32.add(row, pitch)),
            )),
        );
      return sequence(
        t.constants(),
        bound.set(f32x4.splat(low)),
        repeatWhile(
          i32.lt_u(offset, rowBytes),
          from.set(i32.add(m, offset)),
          t.code(),
          when(
            residual,
            each(
              residual,
              (value) => value.set(f32x4.add(value, v128.load(at))),
            ),
          ),
          each(
            y,
            (value) => v128.store(at, f32x4.pmax(value, bound)),
          ),
          offset.set(i32.add(offset, i32.const(vectorBytes))),
        ),
      );
    },
  );
}
