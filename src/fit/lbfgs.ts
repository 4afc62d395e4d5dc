/** A function's value and gradient at one point. */
export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Steps to remember. */
const memory = 10;

/** Steps to try. */
const maxSteps = 1000;

/**
 * The minimum of a smooth convex function, by L-BFGS with a backtracking line search.
 *
 * It ends when the gradient is `tolerance` of its start, or rounding hides any further descent.
 *
 * Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4.
 *
 * @param evaluate The function.
 * @param start Where to begin.
 * @returns The minimum; undefined if 1000 steps don't reach it.
 */
export async function lbfgs(
  evaluate: (x: Float64Array) => Promise<Slope>,
  start: Float64Array,
  tolerance: number,
): Promise<Float64Array | undefined> {
  let x = start;
  let at = await evaluate(x);
  const enough = tolerance * largest(at.gradient);
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let step = 0; step < maxSteps; step++) {
    if (largest(at.gradient) <= enough) return x;
    const direction = descent(at.gradient, steps);
    const slope = dot(direction, at.gradient);
    // The first step doesn't know the curvature.
    let length = steps.length > 0 ? 1 : 1 / Math.sqrt(-slope);
    let next = moved(x, length, direction);
    let there = await evaluate(next);
    while (!(there.value <= at.value + 1e-4 * length * slope)) {
      length /= 2;
      if (length < 1e-10) return x;
      next = moved(x, length, direction);
      there = await evaluate(next);
    }
    const s = next.map((v, i) => v - x[i]);
    const y = there.gradient.map((v, i) => v - at.gradient[i]);
    const curvature = dot(s, y);
    if (curvature > 0) steps.push({ s, y, rho: 1 / curvature });
    if (steps.length > memory) steps.shift();
    [x, at] = [next, there];
  }
  return undefined;
}

/** The two loops: minus the inverse Hessian of the remembered steps, times the gradient. */
function descent(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const direction = gradient.map((g) => -g);
  const factors = steps.toReversed().map(({ s, y, rho }) => {
    const factor = rho * dot(s, direction);
    add(direction, -factor, y);
    return factor;
  });
  const last = steps.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    direction.forEach((d, i) => direction[i] = d * scale);
  }
  for (const { s, y, rho } of steps) {
    add(direction, factors.pop()! - rho * dot(y, direction), s);
  }
  return direction;
}

function moved(
  x: Float64Array,
  length: number,
  direction: Float64Array,
): Float64Array {
  return x.map((v, i) => v + length * direction[i]);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function add(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}

function largest(values: Float64Array): number {
  return values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
}
