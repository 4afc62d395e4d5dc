/**
 * The tasks that fill panels with a filter, and those that expand weights to floats.
 *
 * @module
 */

import {
  type Callable,
  type Code,
  f32,
  f32x4,
  i32,
  i32x4,
  type Local,
  loopWhile,
  min_u,
  type ModuleBuilder,
  range,
  repeatWhile,
  select,
  sequence,
  v128,
  type Variables,
  when,
} from "./assembler.ts";
import { type Conversions, loadFloat16, rebias } from "./dtypes.ts";
import { bytesPerWeight, weightsDTypes } from "../../src/arch/weights_dtype.ts";
import { lineBytes } from "../../src/kernels/winograd_filter.ts";
import { defineTask, type FieldLocals, itemsOf } from "./task.ts";
import { defineFilterTransform } from "./winograd_filters.ts";

const panelChannels = 8, rowBytes = 32, floatBytes = 4, vectorBytes = 16;

/** Adds the tasks. A chunk is a panel. */
export function definePanels(
  module: ModuleBuilder,
  { encode, decode }: Conversions,
): void {
  defineExpandRows(module);
  defineStored(module);
  const ordered = defineOrder(module);
  defineFill(module, "fillDirect", 1, encode, (rows, f, to) =>
    ordered(
      ...rows,
      to,
      i32.mul(f.taps, i32.const(floatBytes)),
      i32.mul(f.ins, i32.const(rowBytes)),
    ));
  for (const outputs of [2, 4] as const) {
    const transformed = defineFilterTransform(module, outputs);
    defineFill(
      module,
      `fillWinograd${outputs}`,
      (outputs + 2) ** 2,
      encode,
      (rows, f, to, pitch, lines) =>
        transformed(
          ...rows,
          to,
          pitch,
          i32.mul(f.ins, i32.const(rowBytes)),
          lines,
        ),
    );
  }
  defineTask(module, "expandPanels", (_, f, chunk) =>
    decode(
      i32.add(f.values, i32.mul(chunk, f.panelBytes)),
      i32.add(f.factors, i32.mul(chunk, i32.const(rowBytes))),
      i32.add(f.y, i32.mul(chunk, f.floatBytes)),
      f.floatBytes,
      f.dtype,
    ));
}

/** Rows of float16 or int8 to floats, each row times its factor. */
function defineExpandRows(module: ModuleBuilder): void {
  defineTask(module, "expandRows", (variables, f, chunk) => {
    const rows = variables.locals(2);
    const [row, from, to, last, over] = variables.locals(5);
    const factor = variables.local("v128");
    const expand = (dtype: "float16" | "int8", values: Code) => {
      const fourths = floatBytes / bytesPerWeight[dtype];
      const four = v128.store(to, f32x4.mul(values, factor));
      return sequence(
        loopWhile(
          i32.lt_u(to, last),
          four,
          from.set(i32.add(from, i32.const(vectorBytes / fourths))),
          to.set(i32.add(to, i32.const(vectorBytes))),
        ),
        // The last four, some of which may be done already.
        over.set(i32.sub(to, last)),
        from.set(i32.sub(from, i32.div_u(over, i32.const(fourths)))),
        to.set(last),
        four,
      );
    };
    return sequence(
      itemsOf(rows, chunk, f.rowsPerChunk, f.rows),
      range(
        row,
        rows[0],
        rows[1],
        from.set(i32.add(f.x, i32.mul(row, f.xRowBytes))),
        to.set(i32.add(f.y, i32.mul(row, f.yRowBytes))),
        last.set(i32.sub(i32.add(to, f.yRowBytes), i32.const(vectorBytes))),
        factor.set(v128.load32_splat(
          i32.add(f.factors, i32.mul(row, i32.const(floatBytes))),
        )),
        when(
          i32.eq(f.dtype, i32.const(weightsDTypes.indexOf("float16"))),
          expand(
            "float16",
            f32x4.mul(loadFloat16(from), f32x4.splat(f32.const(1 / rebias))),
          ),
          expand(
            "int8",
            f32x4.convert_i32x4_s(
              i32x4.extend_low_i16x8_s(v128.load8x8_s(from)),
            ),
          ),
        ),
      ),
    );
  });
}

/** The panel of a chunk and the addresses of its rows; the code sets them. */
function panelOf(
  variables: Variables,
  f: FieldLocals<"fillDirect">,
  chunk: Local,
): { panel: Local; rows: Local[]; code: Code } {
  const [panel, channel, left] = variables.locals(3);
  const rows = variables.locals(panelChannels);
  const code = sequence(
    panel.set(i32.add(f.firstPanel, chunk)),
    left.set(
      i32.mul(i32.rem_u(panel, f.panelsPerGroup), i32.const(panelChannels)),
    ),
    channel.set(
      i32.add(
        i32.mul(i32.div_u(panel, f.panelsPerGroup), f.groupChannels),
        left,
      ),
    ),
    left.set(min_u(
      i32.sub(f.groupChannels, left),
      i32.const(panelChannels),
    )),
    ...rows.map((row, i) =>
      row.set(select(
        i32.add(
          f.filter,
          i32.mul(
            i32.sub(i32.add(channel, i32.const(i)), f.firstChannel),
            f.rowBytes,
          ),
        ),
        f.zeros,
        i32.lt_u(i32.const(i), left),
      ))
    ),
  );
  return { panel, rows, code };
}

/** One panel from eight rows that have the weights' type already: only the order changes. */
function defineStored(module: ModuleBuilder): void {
  const halves = defineOrder(module, 2), bytes = defineOrder(module, 1);
  defineTask(module, "fillStored", (variables, f, chunk) => {
    const { panel, rows, code } = panelOf(variables, f, chunk);
    const order = (ordered: Callable, size: number) =>
      ordered(
        ...rows,
        i32.add(f.values, i32.mul(panel, f.panelBytes)),
        i32.mul(f.taps, i32.const(size)),
        i32.mul(f.ins, i32.const(size * panelChannels)),
      );
    return sequence(
      code,
      when(
        i32.eq(f.dtype, i32.const(weightsDTypes.indexOf("float16"))),
        order(halves, 2),
        order(bytes, 1),
      ),
    );
  });
}

/**
 * One panel from eight rows of a filter, OIHW: its components as floats, which are then encoded if
 * the weights have another type.
 */
function defineFill(
  module: ModuleBuilder,
  task: "fillDirect" | "fillWinograd2" | "fillWinograd4",
  components: number,
  encode: Callable,
  order: (
    rows: Local[],
    fields: FieldLocals<"fillDirect">,
    to: Code,
    componentBytes: Local,
    lines: Code,
  ) => Code,
): void {
  defineTask(module, task, (variables, f, chunk, thread) => {
    const [to, pitch, component, panelFloats] = variables.locals(4);
    const scratch = i32.add(f.floats, i32.mul(thread, f.floatsThread));
    const lines = components === 1 ? 0 : components * lineBytes;
    const { panel, rows, code } = panelOf(variables, f, chunk);
    const place = (component: Code) =>
      i32.add(i32.mul(component, f.panels), panel);
    return sequence(
      code,
      panelFloats.set(i32.mul(
        components === 1 ? i32.mul(f.taps, f.ins) : f.ins,
        i32.const(rowBytes),
      )),
      to.set(i32.add(f.values, i32.mul(panel, f.panelBytes))),
      pitch.set(i32.mul(f.panels, f.panelBytes)),
      when(
        f.dtype,
        sequence(
          to.set(i32.add(scratch, i32.const(lines))),
          pitch.set(panelFloats),
        ),
      ),
      order(rows, f, to, pitch, scratch),
      when(
        f.dtype,
        range(
          component,
          i32.const(0),
          i32.const(components),
          encode(
            i32.add(to, i32.mul(component, panelFloats)),
            panelFloats,
            i32.add(f.values, i32.mul(place(component), f.panelBytes)),
            i32.add(f.factors, i32.mul(place(component), i32.const(rowBytes))),
            f.dtype,
          ),
        ),
      ),
    );
  });
}

/** Eight rows `[channel][tap]` to `[tap][channel][8]`; `size` is the bytes of a value. */
function defineOrder(module: ModuleBuilder, size: 1 | 2 | 4 = 4): Callable {
  const loadLane = {
    1: v128.load8_lane,
    2: v128.load16_lane,
    4: v128.load32_lane,
  }[size];
  return module.define(
    `orderPanel${size}`,
    Array(panelChannels + 3).fill("i32"),
    (variables, ...parameters) => {
      const rows = parameters.slice(0, panelChannels);
      const [to, channelBytes, tapBytes] = parameters.slice(panelChannels);
      const [offset, tapEnd, at, end] = variables.locals(4);
      const vectorOf = (rows: Local[]) =>
        rows.reduce<Code>(
          (vector, row, i) => loadLane(i32.add(row, offset), vector, i),
          i32x4.splat(i32.const(0)),
        );
      const stored = {
        1: () => v128.store64_lane(at, vectorOf(rows), 0),
        2: () => v128.store(at, vectorOf(rows)),
        4: () =>
          sequence(
            v128.store(at, vectorOf(rows.slice(0, 4))),
            v128.store(at, vectorOf(rows.slice(4)), 16),
          ),
      }[size];
      return sequence(
        end.set(i32.add(to, tapBytes)),
        repeatWhile(
          i32.lt_u(to, end),
          at.set(to),
          tapEnd.set(i32.add(offset, channelBytes)),
          repeatWhile(
            i32.lt_u(offset, tapEnd),
            stored(),
            at.set(i32.add(at, tapBytes)),
            offset.set(i32.add(offset, i32.const(size))),
          ),
          to.set(i32.add(to, i32.const(size * panelChannels))),
        ),
      );
    },
  );
}
