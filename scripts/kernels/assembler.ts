/**
 * A small assembler for WebAssembly that emits instructions in the order in which they are written.
 *
 * An optimizer would reorder loads and multiplications, and the kernels would lose speed. Code is a
 * list of bytes; an instruction is a function from its operands' code to its own.
 *
 * @module
 */

/** Instructions, in binary. */
export type Code = readonly number[];
/** Types of values. */
export type Type = "i32" | "f32" | "v128";

/** A local variable; its value is the code that reads it. */
export type Local = Code & {
  set(value: Code): Code;
};

/** Calls a function. */
export type Callable = (...operands: Code[]) => Code;

const typeCode: Record<Type, number> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const noResult = 0x40;

/** LEB128, unsigned. */
function unsigned(value: number): number[] {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) {
    bytes.push(value % 128 | 0x80);
  }
  return [...bytes, value];
}

/** LEB128, signed, 32 bits. */
function signed(value: number): number[] {
  const bytes = [];
  for (; value < -64 || value > 63; value >>= 7) {
    bytes.push(value & 0x7f | 0x80);
  }
  return [...bytes, value & 0x7f];
}

const simd = (opcode: number) => [0xfd, ...unsigned(opcode)];
const operation = (...opcode: number[]) => (...operands: Code[]): Code => [
  ...operands.flat(),
  ...opcode,
];
/** Accesses promise no alignment, since rows may start at any float. */
const memory = (...opcode: number[]) => (address: Code, offset = 0): Code => [
  ...address,
  ...opcode,
  0,
  ...unsigned(offset),
];
/** Access to one lane of a vector. */
const laneMemory =
  (...opcode: number[]) =>
  (address: Code, vector: Code, lane: number, offset = 0): Code => [
    ...address,
    ...vector,
    ...opcode,
    0,
    ...unsigned(offset),
    lane,
  ];
const storing =
  (...opcode: number[]) => (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...opcode,
    0,
    ...unsigned(offset),
  ];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: memory(0x28),
  eq: operation(0x46),
  lt_u: operation(0x49),
  le_u: operation(0x4d),
  lt_s: operation(0x48),
  add: operation(0x6a),
  sub: operation(0x6b),
  mul: operation(0x6c),
  div_u: operation(0x6e),
  rem_u: operation(0x70),
  and: operation(0x71),
};

export const f32 = {
  load: memory(0x2a),
  const: (value: number): Code => [
    0x43,
    ...new Uint8Array(new Float32Array([value]).buffer),
  ],
};

export const v128 = {
  load: memory(...simd(0x00)),
  load8x8_s: memory(...simd(0x01)),
  load16x4_s: memory(...simd(0x03)),
  load32_splat: memory(...simd(0x09)),
  load32_zero: memory(...simd(0x5c)),
  load8_lane: laneMemory(...simd(0x54)),
  load16_lane: laneMemory(...simd(0x55)),
  load32_lane: laneMemory(...simd(0x56)),
  store: storing(...simd(0x0b)),
  store32_lane: laneMemory(...simd(0x5a)),
  store64_lane: laneMemory(...simd(0x5b)),
  and: operation(...simd(0x4e)),
  or: operation(...simd(0x50)),
  any_true: operation(...simd(0x53)),
  /** Stores the first of four floats. */
  store32: (address: Code, value: Code, offset = 0): Code => [
    ...storing(...simd(0x5a))(address, value, offset),
    0,
  ],
};

export const i8x16 = {
  narrow_i16x8_s: operation(...simd(0x65)),
  narrow_i16x8_u: operation(...simd(0x66)),
  /** Sixteen bytes of two vectors, by their places: those of the second are 16 to 31. */
  shuffle: (a: Code, b: Code, places: readonly number[]): Code => [
    ...a,
    ...b,
    ...simd(0x0d),
    ...places,
  ],
};

export const i16x8 = {
  narrow_i32x4_s: operation(...simd(0x85)),
  extend_low_i8x16_u: operation(...simd(0x89)),
  extend_high_i8x16_u: operation(...simd(0x8a)),
};

export const i32x4 = {
  splat: operation(...simd(0x11)),
  extend_low_i16x8_s: operation(...simd(0xa7)),
  extend_high_i16x8_s: operation(...simd(0xa8)),
  shl: operation(...simd(0xab)),
  shr_s: operation(...simd(0xac)),
  shr_u: operation(...simd(0xad)),
  add: operation(...simd(0xae)),
  /** Sums of the products of neighbouring 16-bit integers. */
  dot_i16x8_s: operation(...simd(0xba)),
  trunc_sat_f32x4_s: operation(...simd(0xf8)),
};

export const f32x4 = {
  splat: operation(...simd(0x13)),
  convert_i32x4_s: operation(...simd(0xfa)),
  convert_i32x4_u: operation(...simd(0xfb)),
  demote_f64x2_zero: operation(...simd(0x5e)),
  nearest: operation(...simd(0x6a)),
  abs: operation(...simd(0xe0)),
  add: operation(...simd(0xe4)),
  sub: operation(...simd(0xe5)),
  mul: operation(...simd(0xe6)),
  div: operation(...simd(0xe7)),
  max: operation(...simd(0xe9)),
  ne: operation(...simd(0x42)),
  ge: operation(...simd(0x46)),
  /** `a < b ? b : a`: a NaN in `a` stays. */
  pmax: operation(...simd(0xeb)),
  relaxed_madd: operation(...simd(0x105)),
  relaxed_nmadd: operation(...simd(0x106)),
};

export const f64x2 = {
  /** A vector of the same number. */
  constant: (value: number): Code => [
    0x44,
    ...new Uint8Array(new Float64Array([value]).buffer),
    ...simd(0x14),
  ],
  promote_low_f32x4: operation(...simd(0x5f)),
  add: operation(...simd(0xf0)),
  sub: operation(...simd(0xf1)),
  mul: operation(...simd(0xf2)),
};

/** The first operand if the third is not zero, else the second. */
export const select: Callable = operation(0x1b);
/** To, from, bytes. */
export const memoryCopy: Callable = operation(0xfc, 10, 0, 0);
/** To, byte, bytes. */
export const memoryFill: Callable = operation(0xfc, 11, 0);

/** The smaller of two numbers; evaluates both twice. */
export const min_u = (a: Code, b: Code): Code => select(a, b, i32.lt_u(a, b));

/** Statements, one after the other. */
export const sequence = (...statements: Code[]): Code => statements.flat();

/** Runs the body, then repeats it while the condition holds. */
export const repeatWhile = (condition: Code, ...body: Code[]): Code => [
  0x03,
  noResult,
  ...body.flat(),
  ...condition,
  0x0d,
  0,
  0x0b,
];

/** Runs `then` if the condition holds, else `otherwise`. */
export const when = (
  condition: Code,
  then: Code,
  otherwise: Code = [],
): Code => [
  ...condition,
  0x04,
  noResult,
  ...then,
  ...otherwise.length ? [0x05, ...otherwise] : [],
  0x0b,
];

/** Runs the body while the condition holds. */
export const loopWhile = (condition: Code, ...body: Code[]): Code =>
  when(condition, repeatWhile(condition, ...body));

/** Runs the body with `counter` from `start` up to, not including, `end`. */
export const range = (
  counter: Local,
  start: Code,
  end: Code,
  ...body: Code[]
): Code =>
  sequence(
    counter.set(start),
    loopWhile(
      i32.lt_u(counter, end),
      ...body,
      counter.set(i32.add(counter, i32.const(1))),
    ),
  );

/** The parameters and locals of a function. */
export class Variables {
  readonly types: Type[] = [];

  /** Declares a local. */
  local(type: Type = "i32"): Local {
    const index = unsigned(this.types.push(type) - 1);
    return Object.assign([0x20, ...index], {
      set: (value: Code) => [...value, 0x21, ...index],
    });
  }

  /** Declares several. */
  locals(count: number, type: Type = "i32"): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }
}

interface Func {
  readonly name: string;
  readonly params: readonly Type[];
  readonly locals: readonly Type[];
  readonly code: Code;
  readonly exported: boolean;
}

/** A module of functions without results, on an imported memory `env.memory`. */
export class ModuleBuilder {
  readonly #functions: Func[] = [];

  /** Adds a function; other functions of the module can call it. */
  define(
    name: string,
    params: readonly Type[],
    body: (variables: Variables, ...params: Local[]) => Code,
    exported = false,
  ): Callable {
    const variables = new Variables();
    const code = body(variables, ...params.map((t) => variables.local(t)));
    const locals = variables.types.slice(params.length);
    const index = this.#functions.push({
      name,
      params,
      locals,
      code,
      exported,
    }) - 1;
    return operation(0x10, ...unsigned(index));
  }

  /**
   * The binary, which imports a shared or an unshared memory.
   *
   * A minimum of one page spares bounds checks from comparing the memory's length with an access's
   * constant offset.
   */
  encode(shared: boolean): Uint8Array<ArrayBuffer> {
    const functions = this.#functions;
    const exported = functions.flatMap(({ name, exported }, index) =>
      exported ? [[...text(name), 0x00, ...unsigned(index)]] : []
    );
    const limits = shared ? [0x03, 1, ...unsigned(65536)] : [0x00, 1];
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(
        1,
        functions.map(({ params }) => [
          0x60,
          ...list(params.map((type) => [typeCode[type]])),
          0,
        ]),
      ),
      ...section(2, [[...text("env"), ...text("memory"), 0x02, ...limits]]),
      ...section(3, functions.map((_, index) => unsigned(index))),
      ...section(7, exported),
      ...section(
        10,
        functions.map(({ locals, code }) => {
          const body = [
            ...list(locals.map((type) => [1, typeCode[type]])),
            ...code,
            0x0b,
          ];
          return [...unsigned(body.length), ...body];
        }),
      ),
    ]);
  }
}

const list = (items: readonly Code[]): Code => [
  ...unsigned(items.length),
  ...items.flat(),
];
const text = (value: string): Code =>
  list([...new TextEncoder().encode(value)].map((byte) => [byte]));

function section(id: number, items: readonly Code[]): Code {
  const content = list(items);
  return [id, ...unsigned(content.length), ...content];
}
