/**
 * Checks of the fields of configs and presets.
 *
 * @module
 */

import { expected, requireInteger, requireOneOf } from "../errors/expected.ts";
import type { Preset } from "./preset.ts";

/** Three numbers, one for each channel. */
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

/**
 * A preset, whose fields are checked.
 *
 * @throws {TypeError} If it isn't an object.
 * @throws {RangeError} If a field is missing or out of bounds; the message names it.
 */
export function requirePreset(subject: string, value: unknown): Preset {
  if (typeof value !== "object" || value === null) {
    const what = "{ resizeSize, cropSize, interpolation, mean, std }";
    throw new TypeError(expected(subject, what, value));
  }
  const preset = value as Record<keyof Preset, unknown>;
  const at = (field: keyof Preset) => `${subject}.${field}`;
  requireInteger(at("resizeSize"), preset.resizeSize, 1);
  requireInteger(at("cropSize"), preset.cropSize, 1);
  requireOneOf(at("interpolation"), preset.interpolation, [
    "bilinear",
    "bicubic",
  ]);
  const mean = requireRgb(at("mean"), preset.mean);
  const std = requireStd(at("std"), preset.std);
  if (mean.some((value) => value > 1) && std.every((value) => value < 1)) {
    throw new RangeError(
      expected(at("std"), "numbers in 0..255, as the means are", std),
    );
  }
  if (preset.channels !== undefined) {
    requireOneOf(at("channels"), preset.channels, ["RGB", "BGR"]);
  }
  if (preset.cropRounding !== undefined) {
    requireOneOf(at("cropRounding"), preset.cropRounding, [
      "halfToEven",
      "down",
    ]);
  }
  return value as Preset;
}
