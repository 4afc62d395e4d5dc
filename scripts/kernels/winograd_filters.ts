/**
 * Filters in the form that Winograd's convolutions take.
 *
 * @module
 */

import {
  type Callable,
  type Code,
  f32x4,
  f64x2,
  i32,
  type Local,
  loopWhile,
  type ModuleBuilder,
  sequence,
  v128,
  type Variables,
} from "./assembler.ts";
import {
  divisors,
  lineBytes,
  points,
} from "../../src/kernels/winograd_filter.ts";

const panelChannels = 8, rowBytes = 32, floatBytes = 4, vectorBytes = 16;

/** Input channels whose components are gathered before they are stored: a cache line's. */
const lineChannels = lineBytes / rowBytes;

/**
 * `G g G^T` for eight output channels and all their input channels.
 *
 * A component's values lie far apart, often by a power of two, so that few of them stay in the cache
 * at a time: whole cache lines are gathered first.
 *
 * Parameters: the eight filters; the address of the first component; bytes between components; bytes
 * of a component; memory for a line of each component.
 */
export function defineFilterTransform(
  module: ModuleBuilder,
  outputs: 2 | 4,
): Callable {
  const transformPair = definePairTransform(module, outputs);
  return module.define(
    `transformFilter${outputs}`,
    Array(panelChannels + 4).fill("i32"),
    (variables, ...parameters) => {
      const rows = parameters.slice(0, panelChannels);
      const [to, pitch, bytes, lines] = parameters.slice(panelChannels);
      const [offset, end, at, line, lineEnd] = variables.locals(5);
      const channel = (i: number) =>
        [0, 2, 4, 6].map((pair) =>
          transformPair(
            i32.add(rows[pair], offset),
            i32.add(rows[pair + 1], offset),
            i32.add(lines, i32.const(i * rowBytes + pair * floatBytes)),
          )
        );
      const channels = Array.from({ length: lineChannels }, (_, i) => [
        ...channel(i),
        offset.set(i32.add(offset, i32.const(9 * floatBytes))),
      ]);
      const vectors = Array.from(
        { length: lineBytes / vectorBytes },
        (_, i) => i * vectorBytes,
      );
      return sequence(
        end.set(i32.add(to, bytes)),
        lineEnd.set(
          i32.add(lines, i32.const((outputs + 2) ** 2 * lineBytes)),
        ),
        loopWhile(
          i32.lt_u(to, end),
          ...channels.flat(),
          at.set(to),
          line.set(lines),
          loopWhile(
            i32.lt_u(line, lineEnd),
            ...vectors.map((i) => v128.store(at, v128.load(line, i), i)),
            at.set(i32.add(at, pitch)),
            line.set(i32.add(line, i32.const(lineBytes))),
          ),
          to.set(i32.add(to, i32.const(lineBytes))),
        ),
      );
    },
  );
}

/**
 * `G g G^T` for two output channels and an input channel, in float64, rounded once (Lavin and Gray,
 * 2015, sections 4.1 and 4.3).
 *
 * Parameters: the two filters; the address of the first component in its line.
 */
function definePairTransform(module: ModuleBuilder, outputs: 2 | 4): Callable {
  const side = outputs + 2;
  return module.define(
    `transformPair${outputs}`,
    Array(3).fill("i32"),
    (variables, a, b, to) => {
      const statements: Code[] = [];
      const value = (code: Code): Local => {
        const local = variables.local("v128");
        statements.push(local.set(code));
        return local;
      };
      const tap = (i: number) =>
        value(f64x2.promote_low_f32x4(
          v128.load32_lane(
            b,
            v128.load32_zero(a, i * floatBytes),
            1,
            i * floatBytes,
          ),
        ));
      const { constants, transform } = filterTransform(
        variables,
        value,
        outputs,
      );
      const columns = [0, 1, 2].map((x) =>
        transform([0, 3, 6].map((y) => tap(y + x)))
      );
      for (let y = 0; y < side; y++) {
        transform(columns.map((c) => c[y])).forEach((component, x) => {
          const narrow = f32x4.demote_f64x2_zero(component);
          const at = (y * side + x) * lineBytes;
          statements.push(v128.store64_lane(to, narrow, 0, at));
        });
      }
      return sequence(constants(), ...statements);
    },
  );
}

/** `G` times three values; the constants are known when all of it was asked for. */
function filterTransform(
  variables: Variables,
  value: (code: Code) => Local,
  outputs: 2 | 4,
): { constants(): Code; transform(values: Local[]): Local[] } {
  const factors = new Map<number, Local>();
  const times = (factor: number, v: Code): Code => {
    const constant = factors.get(factor) ?? variables.local("v128");
    factors.set(factor, constant);
    return f64x2.mul(v, constant);
  };
  /** The components of a point and of its negative. */
  const pair = (point: number, divisor: number, [a, b, c]: Local[]) => {
    const even = value(
      f64x2.add(times(1 / divisor, a), times(point ** 2 / divisor, c)),
    );
    const odd = value(times(point / divisor, b));
    return [value(f64x2.add(even, odd)), value(f64x2.sub(even, odd))];
  };
  return {
    transform: (taps) =>
      outputs === 2 ? [taps[0], ...pair(1, 2, taps), taps[2]] : [
        value(times(1 / divisors.zero, taps[0])),
        ...pair(points.near, divisors.near, taps),
        ...pair(points.far, divisors.far, taps),
        taps[2],
      ],
    constants: () =>
      sequence(
        ...[...factors].map(([factor, local]) =>
          local.set(f64x2.constant(factor))
        ),
      ),
  };
}
