/**
 * Weights as float16 and int8, with a factor for each output channel, and back.
 *
 * A channel of float16 is scaled by a power of two that brings its largest weight to 2^14 or more,
 * so no weight that matters is too small for float16, whatever the batch norm did to it; weights
 * below 2^-28 of the largest become zero. The rounding error of a weight is added to the next one,
 * so errors cancel over similar inputs, such as those from a ReLU. That removes a third of a
 * network's error; int8 would lose by it. A weight that isn't finite, or above 2^30 in float16, makes
 * its whole channel not finite.
 *
 * @module
 */

import {
  type Callable,
  type Code,
  f32,
  f32x4,
  i16x8,
  i32,
  i32x4,
  i8x16,
  type Local,
  type ModuleBuilder,
  repeatWhile,
  sequence,
  v128,
  type Variables,
  when,
} from "./assembler.ts";
import { weightsDTypes } from "../../src/arch/weights_dtype.ts";

const rowBytes = 32, vectorBytes = 16;
/** From float32's exponents to float16's. */
export const rebias: number = 2 ** -112;

const float = (value: number): Code => f32x4.splat(f32.const(value));
const integer = (value: number): Code => i32x4.splat(i32.const(value));
const advance = (pointer: Local, bytes: number): Code =>
  pointer.set(i32.add(pointer, i32.const(bytes)));

/** Functions of a module that convert panels. */
export interface Conversions {
  /** From (rows of eight floats), their bytes, to, factors (written, one for each channel), type. */
  readonly encode: Callable;
  /** From, factors, to (rows of eight floats), their bytes, type. */
  readonly decode: Callable;
}

/** Adds the functions; neither takes float32. */
export function defineConversions(module: ModuleBuilder): Conversions {
  return { encode: defineEncode(module), decode: defineDecode(module) };
}

function defineEncode(module: ModuleBuilder): Callable {
  return module.define(
    "encode",
    Array(5).fill("i32"),
    (variables, from, bytes, to, factors, dtype) => {
      const [at, end] = variables.locals(2);
      const largest = variables.locals(2, "v128");
      const inverse = variables.locals(2, "v128");
      /** The rounding error that is carried to the next weight. */
      const carried = variables.locals(2, "v128");
      const half = (i: number) => v128.load(at, i * vectorBytes);
      const eachRow = (...body: Code[]) =>
        sequence(
          at.set(from),
          repeatWhile(i32.lt_u(at, end), ...body, advance(at, rowBytes)),
        );
      const float16 = sequence(
        ...largest.flatMap((value, i) => [
          // Its power of two.
          value.set(f32x4.pmax(
            v128.and(value, integer(0x7f80_0000)),
            float(2 ** -100),
          )),
          inverse[i].set(f32x4.div(float(2 ** 14), value)),
          v128.store(
            factors,
            f32x4.mul(value, float(2 ** -14 / rebias)),
            i * vectorBytes,
          ),
        ]),
        eachRow(
          v128.store(
            to,
            i16x8.narrow_i32x4_s(
              toFloat16(variables, f32x4.mul(half(0), inverse[0]), carried[0]),
              toFloat16(variables, f32x4.mul(half(1), inverse[1]), carried[1]),
            ),
          ),
          advance(to, 16),
        ),
      );
      const quantized = (i: number) =>
        i32x4.trunc_sat_f32x4_s(
          f32x4.nearest(f32x4.mul(half(i), inverse[i])),
        );
      const words = variables.local("v128");
      const int8 = sequence(
        ...largest.flatMap((value, i) => [
          value.set(f32x4.pmax(value, float(2 ** -100))),
          inverse[i].set(f32x4.div(float(127), value)),
          v128.store(
            factors,
            f32x4.div(value, float(127)),
            i * vectorBytes,
          ),
        ]),
        eachRow(
          words.set(i16x8.narrow_i32x4_s(quantized(0), quantized(1))),
          v128.store64_lane(to, i8x16.narrow_i16x8_s(words, words), 0),
          advance(to, 8),
        ),
      );
      return sequence(
        end.set(i32.add(from, bytes)),
        ...largest.map((value) => value.set(float(0))),
        eachRow(
          ...largest.map((value, i) =>
            value.set(f32x4.max(value, f32x4.abs(half(i))))
          ),
        ),
        when(
          i32.eq(dtype, i32.const(weightsDTypes.indexOf("float16"))),
          float16,
          int8,
        ),
      );
    },
  );
}

/**
 * Four floats up to 2^15, plus the carried rounding errors, to float16 in 32-bit words; ties to
 * even.
 */
function toFloat16(variables: Variables, value: Code, carried: Local): Code {
  const [x, bits] = variables.locals(2, "v128");
  const scaled = sequence(
    carried.set(f32x4.add(value, carried)),
    x.set(carried),
    x.set(v128.and(x, f32x4.ge(f32x4.abs(x), float(2 ** -14)))),
    bits.set(f32x4.mul(f32x4.abs(x), float(rebias))),
  );
  const even = v128.and(
    i32x4.shr_u(bits, i32.const(13)),
    integer(1),
  );
  const rounded = sequence(
    bits.set(i32x4.shr_u(
      i32x4.add(i32x4.add(bits, integer(0xfff)), even),
      i32.const(13),
    )),
    carried.set(f32x4.sub(
      carried,
      v128.or(
        f32x4.mul(i32x4.shl(bits, i32.const(13)), float(1 / rebias)),
        v128.and(x, integer(0x8000_0000 | 0)),
      ),
    )),
    bits,
  );
  const sign = i32x4.shl(i32x4.shr_s(x, i32.const(31)), i32.const(15));
  return sequence(scaled, i32x4.add(rounded, sign));
}

/** Four float16 as floats, times {@linkcode rebias}. */
export function loadFloat16(address: Code, offset = 0): Code {
  return v128.and(
    // The load extended the sign over the bits above it.
    i32x4.shl(v128.load16x4_s(address, offset), i32.const(13)),
    integer(0x8fff_ffff | 0),
  );
}

function defineDecode(module: ModuleBuilder): Callable {
  return module.define(
    "decode",
    Array(5).fill("i32"),
    (variables, from, factors, to, bytes, dtype) => {
      const end = variables.local();
      const factor = variables.locals(2, "v128");
      const words = variables.local("v128");
      const store = (values: Code, i: number, row = 0) =>
        v128.store(
          to,
          f32x4.mul(values, factor[i]),
          row * rowBytes + i * vectorBytes,
        );
      const float16 = (i: number) => loadFloat16(from, i * 8);
      return sequence(
        end.set(i32.add(to, bytes)),
        ...factor.map((f, i) => f.set(v128.load(factors, i * vectorBytes))),
        when(
          i32.eq(dtype, i32.const(weightsDTypes.indexOf("float16"))),
          repeatWhile(
            i32.lt_u(to, end),
            store(float16(0), 0),
            store(float16(1), 1),
            advance(from, 16),
            advance(to, rowBytes),
          ),
          repeatWhile(
            i32.lt_u(to, end),
            words.set(v128.load8x8_s(from)),
            store(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)), 0),
            store(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), 1),
            advance(from, 8),
            advance(to, rowBytes),
          ),
        ),
      );
    },
  );
}
