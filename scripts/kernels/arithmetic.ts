/**
 * Fused multiply-add, or a product and a sum in builds without it.
 *
 * @module
 */

import { type Code, f32, f32x4 } from "./assembler.ts";

/** Arithmetic on four floats. */
export interface Arithmetic {
  /** `a * b + c`. */
  madd(a: Code, b: Code, c: Code): Code;
  /** `c - a * b`. */
  nmadd(a: Code, b: Code, c: Code): Code;
  /** A vector of the same number. */
  constant(value: number): Code;
  /** The rows of the fastest tiles. */
  readonly rows: number;
}

const constant = (value: number) => f32x4.splat(f32.const(value));

/** Relaxed SIMD: fused where the processor can. */
export const relaxed: Arithmetic = {
  madd: f32x4.relaxed_madd,
  nmadd: f32x4.relaxed_nmadd,
  constant,
  rows: 6,
};

/** Plain SIMD128. */
export const plain: Arithmetic = {
  madd: (a, b, c) => f32x4.add(c, f32x4.mul(a, b)),
  nmadd: (a, b, c) => f32x4.sub(c, f32x4.mul(a, b)),
  constant,
  rows: 5,
};
