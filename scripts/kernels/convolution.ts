/**
 * The task `convolve`: tiles by panels; a chunk uses each panel's weights for all of its tiles.
 *
 * @module
 */

import {
  type Callable,
  type Code,
  f32,
  f32x4,
  i32,
  loopWhile,
  min_u,
  type ModuleBuilder,
  range,
  repeatWhile,
  sequence,
  v128,
  when,
} from "./assembler.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { convolutionKernel } from "./microkernels.ts";
import { channelSteps } from "../../src/kernels/tasks.ts";
import { defineTask, itemsOf } from "./task.ts";
import { ceilDiv, choose, runOf, splitRows, sum } from "./tiling.ts";

const panelBytes = 32;

/** Adds the task and its kernels. */
export function defineConvolution(
  module: ModuleBuilder,
  arithmetic: Arithmetic,
  decode: Callable,
): void {
  const most = arithmetic.rows;
  const kernels = (steps: number, spread = 0): Callable[] =>
    Array.from({ length: most }, (_, i) => i + 1).map((rows) =>
      convolutionKernel(
        module,
        `convolve${rows}x8by${steps}${spread ? "pairs" : ""}`,
        rows,
        arithmetic,
        steps,
        spread,
      )
    );
  const pairs = kernels(4, 16);
  const variants = channelSteps.map((steps) => ({
    steps,
    kernels: kernels(steps),
  }));

  defineTask(module, "convolve", (variables, f, chunk, thread) => {
    const tileChunk = variables.local(), panelChunk = variables.local();
    const chunksWide = variables.local();
    const tiles = variables.locals(2), panels = variables.locals(2);
    const [tile, panel, image, inImage, row, rows, run, left] = variables
      .locals(8);
    const [group, inGroup, channel, width, base] = variables.locals(5);
    const [large, small, rest] = variables.locals(3);
    const [weights, bias, table, y, residual] = variables.locals(5);
    const [from, lane, lanes] = variables.locals(3);
    const value = variables.local("v128");

    const call = (to: Code, rowBytes: Code, residual: Code, low: Code) => {
      const operands = [
        ...[run, table, f.taps, f.depth, base, f.zeros, weights],
        ...[to, rowBytes, bias, residual, low],
      ];
      const ofRows = (kernels: Callable[]) =>
        choose(rows, (i) => kernels[i - 1](...operands), most);
      return when(
        f.spread,
        ofRows(pairs),
        variants.reduceRight<Code>(
          (otherwise, { steps, kernels }) =>
            when(
              i32.eq(f.steps, i32.const(steps)),
              ofRows(kernels),
              otherwise,
            ),
          [],
        ),
      );
    };

    /** A panel of fewer than eight channels is computed in a separate tile, then copied. */
    const callNarrow = sequence(
      run.set(i32.const(1)),
      from.set(i32.add(f.edge, i32.mul(thread, f.edgeThread))),
      call(from, i32.const(panelBytes), i32.const(0), f32.const(-Infinity)),
      left.set(rows),
      repeatWhile(
        left,
        lanes.set(i32.mul(width, i32.const(4))),
        lane.set(i32.const(0)),
        repeatWhile(
          i32.lt_u(lane, lanes),
          value.set(v128.load32_splat(i32.add(from, lane))),
          when(
            residual,
            value.set(
              f32x4.add(
                value,
                v128.load32_splat(i32.add(residual, lane)),
              ),
            ),
          ),
          v128.store32(
            i32.add(y, lane),
            f32x4.pmax(value, f32x4.splat(f.low)),
          ),
          lane.set(i32.add(lane, i32.const(4))),
        ),
        from.set(i32.add(from, i32.const(panelBytes))),
        y.set(i32.add(y, f.rowBytes)),
        when(residual, residual.set(i32.add(residual, f.rowBytes))),
        left.set(i32.sub(left, i32.const(1))),
      ),
    );

    return sequence(
      chunksWide.set(ceilDiv(f.tiles, f.tilesPerChunk)),
      tileChunk.set(i32.rem_u(chunk, chunksWide)),
      panelChunk.set(i32.div_u(chunk, chunksWide)),
      itemsOf(tiles, tileChunk, f.tilesPerChunk, f.tiles),
      itemsOf(panels, panelChunk, f.panelsPerChunk, f.panels),
      splitRows(f.rowsPerImage, most, { large, small, rest }),
      range(
        panel,
        panels[0],
        panels[1],
        group.set(i32.div_u(panel, f.panelsPerGroup)),
        inGroup.set(i32.rem_u(panel, f.panelsPerGroup)),
        channel.set(i32.add(
          i32.mul(group, f.groupChannels),
          i32.mul(inGroup, i32.const(8)),
        )),
        width.set(
          i32.sub(f.groupChannels, i32.mul(inGroup, i32.const(8))),
        ),
        weights.set(i32.add(f.weights, i32.mul(panel, f.panelBytes))),
        bias.set(i32.add(f.bias, i32.mul(panel, i32.const(panelBytes)))),
        when(
          f.dtype,
          sequence(
            from.set(i32.add(f.floats, i32.mul(thread, f.floatsThread))),
            decode(
              weights,
              i32.add(f.factors, i32.mul(panel, i32.const(panelBytes))),
              from,
              i32.mul(i32.mul(f.taps, f.depth), i32.const(8)),
              f.dtype,
            ),
            weights.set(from),
          ),
        ),
        tile.set(tiles[0]),
        loopWhile(
          i32.lt_u(tile, tiles[1]),
          image.set(i32.div_u(tile, f.tilesPerImage)),
          inImage.set(i32.rem_u(tile, f.tilesPerImage)),
          left.set(i32.sub(tiles[1], tile)),
          runOf(inImage, most, { large, small, rest, rows, run, row }),
          run.set(min_u(run, left)),
          base.set(sum(
            f.x,
            i32.mul(image, f.xImage),
            i32.mul(group, f.groupBytes),
          )),
          table.set(sum(
            f.table,
            i32.mul(i32.mul(row, f.taps), i32.const(4)),
          )),
          y.set(sum(
            i32.mul(
              i32.add(i32.mul(image, f.rowsPerImage), row),
              f.rowBytes,
            ),
            i32.mul(channel, i32.const(4)),
          )),
          residual.set(i32.const(0)),
          when(f.residual, residual.set(i32.add(f.residual, y))),
          y.set(i32.add(f.y, y)),
          when(
            i32.lt_u(width, i32.const(8)),
            callNarrow,
            call(y, f.rowBytes, residual, f.low),
          ),
          tile.set(i32.add(tile, run)),
        ),
      ),
    );
  });
}
