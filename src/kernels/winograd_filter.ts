/**
 * From the transformed filters of Winograd's F(2x2,3x3) and F(4x4,3x3) back to filters (Lavin and
 * Gray, 2015, sections 4.1 and 4.3).
 *
 * @module
 */

import { panelChannels } from "./panels.ts";

/** The side of a tile, in outputs. */
export type WinogradOutputs = 2 | 4;

/** The bytes of a cache line; the kernels gather as much of each component before they store it. */
export const lineBytes = 64;

/**
 * Where F(4x4,3x3) evaluates polynomials, besides 0 and infinity: at plus and minus these.
 *
 * Rounding errors are half of those at Lavin and Gray's 1 and 2, twice those of a direct
 * convolution; as the points come in pairs, the transforms are still sums of even and odd parts.
 */
export const points = { near: 11 / 16, far: 3 / 2 } as const;

/** What a pair's filter components are divided by: the products of the points' distances. */
export const divisors: Readonly<Record<"zero" | keyof typeof points, number>> =
  {
    zero: points.near ** 2 * points.far ** 2,
    near: 2 * points.near ** 2 * (points.near ** 2 - points.far ** 2),
    far: 2 * points.far ** 2 * (points.far ** 2 - points.near ** 2),
  };

const slope = divisors.near / (2 * points.near);

/** A left inverse of G: it gives the filter back, with rounding errors. */
const inverses: Readonly<Record<WinogradOutputs, Float64Array>> = {
  2: Float64Array.of(1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0, 1),
  // deno-fmt-ignore
  4: Float64Array.of(
    divisors.zero, 0, 0, 0, 0, 0,
    0, slope, -slope, 0, 0, 0,
    0, 0, 0, 0, 0, 1,
  ),
};

/** Multiplies squares by a matrix from the left and by its transpose from the right. */
class Sandwich {
  readonly square: Float64Array;
  readonly result: Float64Array;
  readonly #half: Float64Array;

  /** @param width The side of the squares, and the number of columns of the matrix. */
  constructor(readonly matrix: Float64Array, readonly width: number) {
    const side = matrix.length / width;
    this.square = new Float64Array(width * width);
    this.#half = new Float64Array(side * width);
    this.result = new Float64Array(side * side);
  }

  /** Computes the result from the square. */
  compute(): void {
    const { matrix, width, square, result } = this, half = this.#half;
    const side = matrix.length / width;
    for (let i = 0; i < side; i++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let y = 0; y < width; y++) {
          sum += matrix[i * width + y] * square[y * width + x];
        }
        half[i * width + x] = sum;
      }
    }
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        let sum = 0;
        for (let x = 0; x < width; x++) {
          sum += matrix[j * width + x] * half[i * width + x];
        }
        result[i * side + j] = sum;
      }
    }
  }
}

/** Visits each filter, in panel order, with the positions of its first tap and first component. */
function eachFilter(
  outs: number,
  ins: number,
  visit: (tap: number, component: number) => void,
): void {
  let component = 0;
  for (let panel = 0; panel < outs; panel += panelChannels) {
    for (let i = 0; i < ins; i++) {
      for (let out = panel; out < panel + panelChannels; out++) {
        visit((out * ins + i) * 9, component++);
      }
    }
  }
}

/** `[component][panel][input channel][8]` to OIHW, 3x3, with rounding errors. */
export function untransformFilter(
  panels: Float32Array,
  outs: number,
  ins: number,
  outputs: WinogradOutputs,
): Float32Array {
  const filter = new Float32Array(outs * ins * 9);
  const sandwich = new Sandwich(inverses[outputs], outputs + 2);
  const { square, result } = sandwich;
  eachFilter(outs, ins, (tap, component) => {
    for (let i = 0; i < square.length; i++) {
      square[i] = panels[i * outs * ins + component];
    }
    sandwich.compute();
    for (let i = 0; i < 9; i++) filter[tap + i] = result[i];
  });
  return filter;
}
