/**
 * Winograd's minimal filtering, F(2x2,3x3) and F(4x4,3x3) (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015, section 4): transform tiles of input, multiply each of the
 * 16 or 36 components with the transformed filter, transform back.
 *
 * @module
 */

import type { Arithmetic } from "./arithmetic.ts";
import {
  type Callable,
  i32,
  type Local,
  loopWhile,
  min_u,
  type ModuleBuilder,
  range,
  sequence,
  when,
} from "./assembler.ts";
import { productKernel } from "./microkernels.ts";
import { defineTask, itemsOf } from "./task.ts";
import { ceilDiv, choose, runOf, splitRows, sum } from "./tiling.ts";
import {
  defineInput,
  defineOutput,
  inputFields,
  outputFields,
  type WinogradFields,
} from "./winograd_tiles.ts";

const panelBytes = 32;
/** Channels that are summed before the sum is added to the others': long sums round more. */
const channelsPerSum = 128;

/** Adds the tasks of both variants. */
export function defineWinograd(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
  decode: Callable,
): void {
  const product = defineProduct(module, arithmetic, decode);
  for (const outputs of [2, 4] as const) {
    const input = defineInput(module, arithmetic, outputs);
    const output = defineOutput(module, arithmetic, outputs);
    const components = (outputs + 2) ** 2;

    defineTask(
      module,
      `winogradInput${outputs}`,
      (variables, f, chunk) => {
        const tiles = variables.locals(2);
        return sequence(
          itemsOf(tiles, chunk, f.tilesPerChunk, f.tiles),
          input(
            ...tiles,
            i32.add(f.v, i32.mul(tiles[0], f.depth)),
            ...inputFields(f),
          ),
        );
      },
    );
    defineTask(
      module,
      `winogradOutput${outputs}`,
      (variables, f, chunk, thread) => {
        const tiles = variables.locals(2);
        return sequence(
          itemsOf(tiles, chunk, f.tilesPerChunk, f.tiles),
          output(
            ...tiles,
            i32.add(f.m, i32.mul(tiles[0], f.rowBytes)),
            i32.add(f.edge, i32.mul(thread, f.edgeThread)),
            ...outputFields(f),
          ),
        );
      },
    );
    // All three steps for a few tiles, in the thread's own memory.
    defineTask(
      module,
      `winogradBlock${outputs}`,
      (variables, f, chunk, thread) => {
        const tiles = variables.locals(2);
        const component = variables.local();
        const v = variables.local(), m = variables.local();
        return sequence(
          itemsOf(tiles, chunk, f.tilesPerChunk, f.tiles),
          v.set(i32.add(f.v, i32.mul(thread, f.vThread))),
          m.set(i32.add(f.m, i32.mul(thread, f.mThread))),
          input(...tiles, v, ...inputFields(f)),
          range(
            component,
            i32.const(0),
            i32.const(components),
            product(
              i32.sub(tiles[1], tiles[0]),
              i32.add(v, i32.mul(component, f.vXi)),
              i32.add(m, i32.mul(component, f.mXi)),
              component,
              i32.const(0),
              f.panels,
              ...productFields(f, thread),
            ),
          ),
          output(
            ...tiles,
            m,
            i32.add(f.edge, i32.mul(thread, f.edgeThread)),
            ...outputFields(f),
          ),
        );
      },
    );
  }
  defineTask(module, "winogradProduct", (variables, f, chunk, thread) => {
    const chunksDeep = variables.local(), component = variables.local();
    const panels = variables.locals(2);
    return sequence(
      chunksDeep.set(ceilDiv(f.panels, f.panelsPerChunk)),
      component.set(i32.div_u(chunk, chunksDeep)),
      itemsOf(
        panels,
        i32.rem_u(chunk, chunksDeep),
        f.panelsPerChunk,
        f.panels,
      ),
      product(
        f.tiles,
        i32.add(f.v, i32.mul(component, f.vXi)),
        i32.add(f.m, i32.mul(component, f.mXi)),
        component,
        ...panels,
        ...productFields(f, thread),
      ),
    );
  });
}

const productFields = (f: WinogradFields, thread: Local) => [
  f.depth,
  f.u,
  f.panelBytes,
  f.panels,
  f.rowBytes,
  f.dtype,
  f.factors,
  i32.add(f.floats, i32.mul(thread, f.floatsThread)),
];

/** The product of a component with some panels, for adjacent tiles. */
function defineProduct(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
  decode: Callable,
): Callable {
  const most = arithmetic.rows;
  const kernels = Array.from(
    { length: most },
    (_, i) => productKernel(module, `product${i + 1}x8`, i + 1, arithmetic),
  );
  return module.define(
    "product",
    Array(14).fill("i32"),
    (
      variables,
      count,
      v,
      m,
      component,
      panel,
      panelEnd,
      depth,
      u,
      onePanel,
      panels,
      rowBytes,
      dtype,
      factors,
      floats,
    ) => {
      const [large, small, rest, rows, run, row, tile, tiles, weights, place] =
        variables.locals(10);
      const [from, part] = variables.locals(2);
      const split = { large, small, rest };
      return sequence(
        splitRows(count, most, split),
        tiles.set(i32.add(i32.add(large, small), i32.lt_u(i32.const(0), rest))),
        loopWhile(
          i32.lt_u(panel, panelEnd),
          place.set(i32.add(i32.mul(component, panels), panel)),
          weights.set(i32.add(u, i32.mul(place, onePanel))),
          when(
            dtype,
            sequence(
              decode(
                weights,
                i32.add(factors, i32.mul(place, i32.const(panelBytes))),
                floats,
                i32.mul(depth, i32.const(8)),
                dtype,
              ),
              weights.set(floats),
            ),
          ),
          tile.set(i32.const(0)),
          loopWhile(
            i32.lt_u(tile, tiles),
            runOf(tile, most, { ...split, rows, run, row }),
            from.set(i32.const(0)),
            loopWhile(
              i32.lt_u(from, depth),
              part.set(i32.sub(depth, from)),
              part.set(min_u(part, i32.const(4 * channelsPerSum))),
              choose(
                rows,
                (i) =>
                  kernels[i - 1](
                    run,
                    sum(v, i32.mul(row, depth), from),
                    depth,
                    part,
                    i32.add(weights, i32.mul(from, i32.const(8))),
                    sum(
                      m,
                      i32.mul(row, rowBytes),
                      i32.mul(panel, i32.const(panelBytes)),
                    ),
                    rowBytes,
                    from,
                  ),
                most,
              ),
              from.set(i32.add(from, part)),
            ),
            tile.set(i32.add(tile, run)),
          ),
          panel.set(i32.add(panel, i32.const(1))),
        ),
      );
    },
  );
}
