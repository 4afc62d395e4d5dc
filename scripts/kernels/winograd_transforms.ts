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
import { points } from "../../src/kernels/winograd_filter.ts";

const { near, far } = points;
const near2 = near ** 2, far2 = far ** 2;

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
  /** `factor * a`. */
  mul(factor: number, a: Code): Local {
    return this.value(f32x4.mul(a, this.#constant(factor)));
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
    const ends = (a: Code, b: Code, c: Code) =>
      this.madd(near2 * far2, a, this.nmadd(near2 + far2, b, c));
    const pair = (point: number, other2: number) => {
      const even = this.nmadd(other2, d[2], d[4]);
      const odd = this.nmadd(other2, d[1], d[3]);
      return [this.madd(point, odd, even), this.nmadd(point, odd, even)];
    };
    return [
      ends(d[0], d[2], d[4]),
      ...pair(near, far2),
      ...pair(far, near2),
      ends(d[1], d[3], d[5]),
    ];
  }

  /** Rows of `A^T m`, for 4 or 6 values. */
  output(m: readonly Local[]): Local[] {
    const a = this.add(m[1], m[2]), b = this.sub(m[1], m[2]);
    if (m.length === 4) return [this.add(m[0], a), this.sub(b, m[3])];
    const c = this.add(m[3], m[4]), d = this.sub(m[3], m[4]);
    return [
      this.add(this.add(m[0], a), c),
      this.madd(near, b, this.mul(far, d)),
      this.madd(near2, a, this.mul(far2, c)),
      this.madd(near ** 3, b, this.madd(far ** 3, d, m[5])),
    ];
  }
}
