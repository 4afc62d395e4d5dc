/**
 * Fused multiply-add where the build may use it, a product and a sum where not.
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
  /** Four times the same number. */
  constant(value: number): Code;
  /** Rows of the tiles that run fastest. */
  readonly rows: number;
}

const constant = (value: number) => f32x4.splat(f32.const(value));

/** Relaxed SIMD: fused on machines that can. */
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
