/**
 * Checks of the fields of configs and presets.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";

/** Three numbers, one for each channel in RGB order. */
export function requireRgb(
  subject: string,
  value: unknown,
): [number, number, number] {
  if (
    Array.isArray(value) && value.length === 3 && value.every(Number.isFinite)
  ) {
    return [value[0], value[1], value[2]];
  }
  throw new RangeError(expected(subject, "three numbers", value));
}

/** Three numbers to divide by. */
export function requireStd(
  subject: string,
  value: unknown,
): [number, number, number] {
  const std = requireRgb(subject, value);
  if (std.every((number) => number > 0)) return std;
  throw new RangeError(expected(subject, "three positive numbers", value));
}

/** A positive number. */
export function requirePositive(subject: string, value: unknown): number {
  if (typeof value === "number" && value > 0 && value < Infinity) return value;
  throw new RangeError(expected(subject, "a positive number", value));
}
