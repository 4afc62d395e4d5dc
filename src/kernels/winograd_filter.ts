/**
 * Filters as Winograd's F(2x2,3x3) and F(4x4,3x3) want them, and back (Lavin and Gray, 2015,
 * sections 4.1 and 4.3).
 *
 * @module
 */

import { panelChannels } from "./pack.ts";

/** Outputs of a tile's side. */
export type WinogradOutputs = 2 | 4;

/** Rows of G. */
const transforms: Readonly<Record<WinogradOutputs, readonly number[][]>> = {
  2: [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
  4: [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
};

/** Rows of a left inverse of G, so that a filter comes back but for rounding. */
const inverses: Readonly<Record<WinogradOutputs, readonly number[][]>> = {
  2: [[1, 0, 0, 0], [0, 1, -1, 0], [0, 0, 0, 1]],
  4: [[4, 0, 0, 0, 0, 0], [0, -3, 3, 0, 0, 0], [0, 0, 0, 0, 0, 1]],
};

/** Floats of a transformed filter. */
export const winogradSize = (
  outs: number,
  ins: number,
  outputs: WinogradOutputs,
): number => (outputs + 2) ** 2 * outs * ins;

/** `matrix` times a square, times the matrix transposed: `side` rows from `width`. */
function sandwich(
  matrix: readonly number[][],
  square: Float64Array,
  half: Float64Array,
  result: Float64Array,
): void {
  const side = matrix.length, width = matrix[0].length;
  for (let i = 0; i < side; i++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let y = 0; y < width; y++) {
        sum += matrix[i][y] * square[y * width + x];
      }
      half[i * width + x] = sum;
    }
  }
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      let sum = 0;
      for (let x = 0; x < width; x++) sum += matrix[j][x] * half[i * width + x];
      result[i * side + j] = sum;
    }
  }
}

/** Where a component's weight stands: `[component][panel][input channel][8]`. */
const place = (
  component: number,
  out: number,
  i: number,
  outs: number,
  ins: number,
) =>
  (component * outs + out - out % panelChannels) * ins +
  i * panelChannels + out % panelChannels;

/** OIHW, 3x3, to `[component][panel][input channel][8]`; whole panels only. */
export function transformFilter(
  filter: Float32Array,
  outs: number,
  ins: number,
  outputs: WinogradOutputs,
  packed: Float32Array,
): void {
  const side = outputs + 2;
  const taps = new Float64Array(9), half = new Float64Array(side * 3);
  const components = new Float64Array(side * side);
  for (let out = 0; out < outs; out++) {
    for (let i = 0; i < ins; i++) {
      const from = (out * ins + i) * 9;
      for (let tap = 0; tap < 9; tap++) taps[tap] = filter[from + tap];
      sandwich(transforms[outputs], taps, half, components);
      components.forEach((value, component) => {
        packed[place(component, out, i, outs, ins)] = value;
      });
    }
  }
}

/** The same, back: equal but for rounding. */
export function untransformFilter(
  packed: Float32Array,
  outs: number,
  ins: number,
  outputs: WinogradOutputs,
): Float32Array {
  const side = outputs + 2;
  const filter = new Float32Array(outs * ins * 9);
  const components = new Float64Array(side * side);
  const half = new Float64Array(3 * side), taps = new Float64Array(9);
  for (let out = 0; out < outs; out++) {
    for (let i = 0; i < ins; i++) {
      components.forEach((_, component) => {
        components[component] = packed[place(component, out, i, outs, ins)];
      });
      sandwich(inverses[outputs], components, half, taps);
      filter.set(taps, (out * ins + i) * 9);
    }
  }
  return filter;
}
