/** Comparing values: how far they are off, in shares of the largest one. */

import type { Tensor } from "@tensorflow/tfjs-core";
import assert from "node:assert/strict";

/** The largest difference between two lists, as a share of the largest wanted value. */
export function relativeError(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
): number {
  assert.equal(got.length, want.length);
  let off = 0, largest = 0;
  for (let i = 0; i < want.length; i++) {
    off = Math.max(off, Math.abs(got[i] - want[i])); // NaN stays NaN.
    largest = Math.max(largest, Math.abs(want[i]));
  }
  assert(largest > 0, "the wanted values are all zero");
  return off / largest;
}

/** Fails if a value is off by more than this share of the largest wanted one. */
export function closeTo(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance = 1e-5,
  name = "values",
): void {
  const error = relativeError(got, want);
  assert(error <= tolerance, `${name}: off by ${error} of the largest value`);
}

/** A tensor's values; the tensor is disposed. */
export function take(tensor: Tensor): Float32Array {
  const values = tensor.dataSync<"float32">();
  tensor.dispose();
  return values;
}
