/**
 * The tasks without matrix products.
 *
 * Channels that don't fill a vector are processed one by one, by the same code with other loads.
 *
 * @module
 */

import type { Arithmetic } from "./arithmetic.ts";
import {
  type Code,
  f32x4,
  i32,
  i32x4,
  type Local,
  loopWhile,
  memoryCopy,
  memoryFill,
  min_u,
  type ModuleBuilder,
  range,
  sequence,
  v128,
  when,
} from "./assembler.ts";
import { defineTask, itemsOf } from "./task.ts";
import { sum } from "./tiling.ts";

/** How a few floats are read and written. */
interface Access {
  load(address: Code, offset?: number): Code;
  store(address: Code, value: Code, offset?: number): Code;
}

/** Runs a body for each offset below `bytes`: by vectors, then by single floats. */
function eachVector(
  offset: Local,
  bytes: Code,
  body: (access: Access) => Code,
): Code {
  const step = (size: number, end: Code, access: Access) =>
    loopWhile(
      i32.lt_u(offset, end),
      body(access),
      offset.set(i32.add(offset, i32.const(size))),
    );
  return sequence(
    offset.set(i32.const(0)),
    step(16, i32.and(bytes, i32.const(-16)), v128),
    step(4, bytes, { load: v128.load32_splat, store: v128.store32 }),
  );
}

/** Adds the tasks. */
export function defineElementwise(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
): void {
  definePad(module);
  definePointwise(module, arithmetic);
  defineMaxPool(module);
  defineSmallAvgPool(module, arithmetic);
  defineAvgPool(module, arithmetic);
  defineScatter(module);
}

/** Copies an image into a larger one, with zeros around it. */
function definePad(module: ModuleBuilder): void {
  defineTask(module, "pad", (variables, f, chunk) => {
    const rows = variables.locals(2);
    const [row, inImage, image, to, source] = variables.locals(5);
    return sequence(
      itemsOf(rows, chunk, f.rowsPerChunk, f.rows),
      range(
        row,
        rows[0],
        rows[1],
        image.set(i32.div_u(row, f.paddedHeight)),
        inImage.set(
          i32.sub(i32.rem_u(row, f.paddedHeight), f.paddingRows),
        ),
        to.set(i32.add(f.y, i32.mul(row, f.paddedRowBytes))),
        memoryFill(to, i32.const(0), f.paddedRowBytes),
        // As unsigned numbers, rows above the image are below it.
        when(
          i32.lt_u(inImage, f.height),
          sequence(
            source.set(i32.add(i32.mul(image, f.height), inImage)),
            memoryCopy(
              i32.add(to, f.paddingBytes),
              i32.add(f.x, i32.mul(source, f.rowBytes)),
              f.rowBytes,
            ),
          ),
        ),
      ),
    );
  });
}

/** `x * scale + bias + residual`, clamped. */
function definePointwise(module: ModuleBuilder, arithmetic: Arithmetic): void {
  defineTask(module, "pointwise", (variables, f, chunk) => {
    const rows = variables.locals(2);
    const [row, offset, at] = variables.locals(3);
    const value = variables.local("v128"), bound = variables.local("v128");
    return sequence(
      itemsOf(rows, chunk, f.rowsPerChunk, f.rows),
      bound.set(f32x4.splat(f.low)),
      range(
        row,
        rows[0],
        rows[1],
        at.set(i32.mul(row, f.rowBytes)),
        eachVector(offset, f.rowBytes, ({ load, store }) =>
          sequence(
            value.set(load(sum(f.x, at, offset))),
            when(
              f.scale,
              value.set(arithmetic.madd(
                value,
                load(i32.add(f.scale, offset)),
                load(i32.add(f.bias, offset)),
              )),
            ),
            when(
              f.residual,
              value.set(
                f32x4.add(value, load(sum(f.residual, at, offset))),
              ),
            ),
            store(sum(f.y, at, offset), f32x4.pmax(value, bound)),
          )),
      ),
    );
  });
}

/**
 * Windows of 3x3, padded by at most 1.
 *
 * A coordinate outside the image is clamped to its edge, whose pixel is in the window anyway.
 *
 * A NaN makes the maximum NaN, as in PyTorch. WebAssembly's `max` does that, but takes many
 * instructions on processors whose own doesn't; so it runs only if the window's sum is NaN.
 */
function defineMaxPool(module: ModuleBuilder): void {
  const size = 3;
  defineTask(module, "maxPool", (variables, f, chunk) => {
    const rows = variables.locals(2);
    const [row, column, image, at, offset, to] = variables.locals(6);
    const tops = variables.locals(size), lefts = variables.locals(size);
    const [value, total, pixel] = variables.locals(3, "v128");
    /** Reads the pixels of a window, one after the other. */
    const eachPixel = (
      load: Access["load"],
      visit: (index: number) => Code,
    ) =>
      tops.flatMap((top) => lefts.map((left) => sum(top, left, offset)))
        .map((address, i) => sequence(pixel.set(load(address)), visit(i)));
    /** Sets the coordinates of a window's rows or columns, clamped. */
    const coordinates = (places: Local[], index: Code, length: Code) =>
      sequence(
        at.set(i32.sub(i32.mul(index, f.stride), f.padding)),
        ...places.map((place, i) =>
          sequence(
            place.set(i32.add(at, i32.const(i))),
            when(
              i32.lt_s(place, i32.const(0)),
              place.set(i32.const(0)),
            ),
            when(
              i32.le_u(length, place),
              place.set(i32.sub(length, i32.const(1))),
            ),
          )
        ),
      );
    return sequence(
      itemsOf(rows, chunk, f.rowsPerChunk, f.rows),
      range(
        row,
        rows[0],
        rows[1],
        image.set(i32.div_u(row, f.outHeight)),
        coordinates(tops, i32.rem_u(row, f.outHeight), f.height),
        ...tops.map((top) =>
          top.set(i32.add(
            f.x,
            i32.mul(
              i32.mul(i32.add(i32.mul(image, f.height), top), f.width),
              f.channelBytes,
            ),
          ))
        ),
        range(
          column,
          i32.const(0),
          f.outWidth,
          coordinates(lefts, column, f.width),
          ...lefts.map((left) => left.set(i32.mul(left, f.channelBytes))),
          to.set(i32.add(
            f.y,
            i32.mul(
              i32.add(i32.mul(row, f.outWidth), column),
              f.channelBytes,
            ),
          )),
          eachVector(offset, f.channelBytes, ({ load, store }) =>
            sequence(
              ...eachPixel(load, (i) =>
                i === 0
                  ? sequence(value.set(pixel), total.set(pixel))
                  : sequence(
                    value.set(f32x4.pmax(value, pixel)),
                    total.set(f32x4.add(total, pixel)),
                  )),
              when(
                v128.any_true(f32x4.ne(total, total)),
                sequence(
                  ...eachPixel(
                    load,
                    () =>
                      value.set(f32x4.max(value, pixel)),
                  ),
                ),
              ),
              store(i32.add(to, offset), value),
            )),
        ),
      ),
    );
  });
}

/** Windows of 2x2; those at the end may be cut by the image's edge. */
function defineSmallAvgPool(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
): void {
  defineTask(module, "smallAvgPool", (variables, f, chunk) => {
    const rows = variables.locals(2);
    const [row, column, y, x, from, at, offset, to] = variables.locals(8);
    const [right, below, pixels, rowBytes] = variables.locals(4);
    const total = variables.local("v128"), count = variables.local("v128");
    const { const: constant, add, mul, lt_u } = i32;
    const one = constant(1);
    const plus = (load: Access["load"], address: Code) =>
      total.set(f32x4.add(total, load(address)));
    return sequence(
      itemsOf(rows, chunk, f.rowsPerChunk, f.rows),
      rowBytes.set(mul(f.width, f.channelBytes)),
      range(
        row,
        rows[0],
        rows[1],
        y.set(mul(i32.rem_u(row, f.outHeight), f.stride)),
        below.set(lt_u(add(y, one), f.height)),
        from.set(add(
          f.x,
          mul(add(mul(i32.div_u(row, f.outHeight), f.height), y), rowBytes),
        )),
        range(
          column,
          constant(0),
          f.outWidth,
          x.set(mul(column, f.stride)),
          right.set(lt_u(add(x, one), f.width)),
          pixels.set(mul(add(one, right), add(one, below))),
          when(f.all, pixels.set(constant(4))),
          count.set(f32x4.convert_i32x4_u(i32x4.splat(pixels))),
          to.set(add(
            f.y,
            mul(add(mul(row, f.outWidth), column), f.channelBytes),
          )),
          eachVector(offset, f.channelBytes, ({ load, store }) =>
            sequence(
              total.set(arithmetic.constant(0)),
              at.set(sum(from, mul(x, f.channelBytes), offset)),
              plus(load, at),
              when(right, plus(load, add(at, f.channelBytes))),
              when(
                below,
                sequence(
                  at.set(add(at, rowBytes)),
                  plus(load, at),
                  when(right, plus(load, add(at, f.channelBytes))),
                ),
              ),
              store(add(to, offset), f32x4.div(total, count)),
            )),
        ),
      ),
    );
  });
}

/** Sums of 16 pixels, summed: rounding errors grow slowly with the image. */
function defineAvgPool(module: ModuleBuilder, arithmetic: Arithmetic): void {
  const together = 16;
  defineTask(module, "avgPool", (variables, f, image) => {
    const [offset, at, end, part, from, to] = variables.locals(6);
    const total = variables.local("v128"), few = variables.local("v128");
    const count = variables.local("v128");
    const partBytes = i32.mul(f.channelBytes, i32.const(together));
    return sequence(
      count.set(f32x4.convert_i32x4_u(i32x4.splat(f.pixels))),
      from.set(i32.add(
        f.x,
        i32.mul(image, i32.mul(f.pixels, f.channelBytes)),
      )),
      to.set(i32.add(f.y, i32.mul(image, f.channelBytes))),
      eachVector(offset, f.channelBytes, ({ load, store }) =>
        sequence(
          total.set(arithmetic.constant(0)),
          at.set(i32.add(from, offset)),
          end.set(i32.add(at, i32.mul(f.pixels, f.channelBytes))),
          loopWhile(
            i32.lt_u(at, end),
            few.set(arithmetic.constant(0)),
            part.set(i32.add(at, partBytes)),
            part.set(min_u(part, end)),
            loopWhile(
              i32.lt_u(at, part),
              few.set(f32x4.add(few, load(at))),
              at.set(i32.add(at, f.channelBytes)),
            ),
            total.set(f32x4.add(total, few)),
          ),
          store(i32.add(to, offset), f32x4.div(total, count)),
        )),
    );
  });
}

/** Overwrites some channels of an output. */
function defineScatter(module: ModuleBuilder): void {
  defineTask(module, "scatter", (variables, f) => {
    const [row, channel, from, to] = variables.locals(4);
    return sequence(
      from.set(f.x),
      to.set(f.y),
      range(
        row,
        i32.const(0),
        f.rows,
        range(
          channel,
          i32.const(0),
          f.count,
          v128.store32(
            i32.add(
              to,
              i32.load(
                i32.add(f.offsets, i32.mul(channel, i32.const(4))),
              ),
            ),
            v128.load32_splat(from),
          ),
          from.set(i32.add(from, i32.const(4))),
        ),
        to.set(i32.add(to, f.rowBytes)),
      ),
    );
  });
}
