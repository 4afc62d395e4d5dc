import { relativeError } from "../tests/support/close.ts";

/** Checks that a contestant computes the same values, up to a share of the largest one. */
export function requireSame(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  within = 1e-4,
): void {
  const error = relativeError(got, want);
  if (error <= within) return;
  throw new Error(`${name}: its values are off by ${error} of the largest`);
}
