/**
 * The one-dimensional transforms of Winograd's minimal filtering, as straight-line code.
 *
 * @module
 */

import type { Arithmetic } from "./arithmetic.ts";
import {
  type Code,
  f32x4,
  type Local,
  sequence,
  type Variables,
} from "./assembler.ts";

/** Collects the code of a loop's body; each value has its own local. */
export class Transforms {
  readonly #code: Code[] = [];
  readonly #constants = new Map<number, Local>();

  constructor(
    readonly variables: Variables,
    readonly arithmetic: Arithmetic,
  ) {}

  /** Adds a statement. */
  emit(statement: Code): void {
    this.#code.push(statement);
  }

  /** Adds the computation of a value. */
  value(code: Code): Local {
    const local = this.variables.local("v128");
    this.emit(local.set(code));
    return local;
  }

  /** All statements so far. */
  code(): Code {
    return sequence(...this.#code);
  }

  /** Sets the constants of the statements; belongs before the loop. */
  constants(): Code {
    return sequence(
      ...[...this.#constants].map(([value, local]) =>
        local.set(this.arithmetic.constant(value))
      ),
    );
  }

  #constant(value: number): Local {
    let local = this.#constants.get(value);
    if (!local) {
      local = this.variables.local("v128");
      this.#constants.set(value, local);
    }
    return local;
  }

  /** `a + b`. */
  add(a: Code, b: Code): Local {
    return this.value(f32x4.add(a, b));
  }
  /** `a - b`. */
  sub(a: Code, b: Code): Local {
    return this.value(f32x4.sub(a, b));
  }
  /** `factor * a + b`. */
  madd(factor: number, a: Code, b: Code): Local {
    return this.value(this.arithmetic.madd(a, this.#constant(factor), b));
  }
  /** `b - factor * a`. */
  nmadd(factor: number, a: Code, b: Code): Local {
    return this.value(this.arithmetic.nmadd(a, this.#constant(factor), b));
  }

  /** Rows of `B^T d`, for 4 or 6 values. */
  input(d: readonly Local[]): Local[] {
    return d.length === 4
      ? [
        this.sub(d[0], d[2]),
        this.add(d[1], d[2]),
        this.sub(d[2], d[1]),
        this.sub(d[1], d[3]),
      ]
      : this.#input4(d);
  }

  #input4(d: readonly Local[]): Local[] {
    const a = this.nmadd(4, d[2], d[4]), b = this.nmadd(4, d[1], d[3]);
    const c = this.sub(d[4], d[2]), e = this.sub(d[3], d[1]);
    return [
      this.madd(4, this.sub(d[0], d[2]), c),
      this.add(a, b),
      this.sub(a, b),
      this.madd(2, e, c),
      this.nmadd(2, e, c),
      this.nmadd(4, e, this.sub(d[5], d[3])),
    ];
  }

  /** Rows of `A^T m`, for 4 or 6 values. */
  output(m: readonly Local[]): Local[] {
    const a = this.add(m[1], m[2]), b = this.sub(m[1], m[2]);
    if (m.length === 4) return [this.add(m[0], a), this.sub(b, m[3])];
    const c = this.add(m[3], m[4]), d = this.sub(m[3], m[4]);
    return [
      this.add(this.add(m[0], a), c),
      this.madd(2, d, b),
      this.madd(4, c, a),
      this.add(this.madd(8, d, b), m[5]),
    ];
  }
}
