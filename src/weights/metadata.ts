/**
 * The metadata entry of a packed file: JSON, checked before anything relies on it.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { isShape } from "../formats/elements.ts";
import type { CheckpointMetadata, StoredTensor } from "./checkpoint.ts";

/** The entry's content: what the file says of itself, and what tensors it holds. */
export interface PackedMetadata extends CheckpointMetadata {
  /** Name, shape and stored type of each tensor, in the file's order. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

/** The entry that describes a packed file, its first. */
export const METADATA_ENTRY = "metadata.json";

/** Longest metadata that is read, in bytes: a resnet152's are 60 KB. */
export const MAX_METADATA: number = 2 ** 20;

const TEXT_KEYS = ["arch", "source", "sourceSha256", "dtype", "license"];

/**
 * Parses the entry.
 *
 * @param source What error messages call the entry.
 * @throws {SyntaxError} If it is no JSON, or not of this form.
 */
export function parseMetadata(text: string, source: string): PackedMetadata {
  const fail = (why: string, cause?: unknown) =>
    new SyntaxError(`cannot read "${source}": ${why}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail(`no JSON (${(cause as Error).message})`, cause);
  }
  if (!isRecord(value)) throw fail("no JSON object");
  for (const key of TEXT_KEYS) {
    if (value[key] !== undefined && typeof value[key] !== "string") {
      throw fail(`"${key}" is no string`);
    }
  }
  if (value.preset !== undefined && !isPreset(value.preset)) {
    throw fail(`"preset" is no transform: ${JSON.stringify(value.preset)}`);
  }
  if (!isRecord(value.tensors)) throw fail(`"tensors" is no object`);
  for (const [name, info] of Object.entries(value.tensors)) {
    if (
      !isRecord(info) || typeof info.dtype !== "string" || !isShape(info.shape)
    ) {
      throw fail(`tensor "${name}" is not given by dtype and shape`);
    }
  }
  return value as unknown as PackedMetadata;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPreset(value: unknown): value is Preset {
  if (!isRecord(value)) return false;
  const { resizeSize, cropSize, interpolation, mean, std } = value;
  return isSide(resizeSize) && isSide(cropSize) &&
    (interpolation === "bilinear" || interpolation === "bicubic") &&
    isRgb(mean) && isRgb(std) &&
    !std.includes(0);
}

function isSide(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isRgb(value: unknown): value is number[] {
  return Array.isArray(value) && value.length === 3 &&
    value.every(Number.isFinite);
}
