/**
 * The metadata of a packed file: JSON, checked before anything relies on it.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { requirePreset } from "../arch/preset_fields.ts";
import { failReading } from "../errors/fail.ts";
import { isShape } from "../formats/elements.ts";
import { isRecord, parseJsonObject } from "../formats/json.ts";
import { isUntoldOptions } from "./untold_options.ts";
import type { CheckpointMetadata, StoredTensor } from "./checkpoint.ts";

/** What the file says about itself, and its tensors. */
export interface PackedMetadata extends CheckpointMetadata {
  /** Shape and stored type of each tensor by name, in the file's order. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

/** The first entry of a packed file. */
export const METADATA_ENTRY = "metadata.json";

/** Longest metadata to read, in bytes; those of a resnet152 have 60 KB. */
export const MAX_METADATA: number = 2 ** 20;

const TEXT_KEYS = ["arch", "source", "sourceSha256", "dtype", "license"];

/**
 * Parses the entry.
 *
 * @param file The packed file's name, for messages.
 * @throws {SyntaxError} If it isn't JSON of this form.
 */
export function parseMetadata(
  bytes: Uint8Array,
  file: string,
): PackedMetadata {
  const fail = failReading(`${file}: ${METADATA_ENTRY}`);
  const value = parseJsonObject(bytes, fail);
  if (value.keras_version !== undefined) {
    throw fail("it is a Keras archive; save the network by PyTorch instead");
  }
  for (const key of TEXT_KEYS) {
    if (value[key] !== undefined && typeof value[key] !== "string") {
      throw fail(`"${key}": expected a string`);
    }
  }
  if (value.preset !== undefined && !isPreset(value.preset)) {
    throw fail(
      `"preset": expected a transform, got ${JSON.stringify(value.preset)}`,
    );
  }
  if (value.network !== undefined && !isUntoldOptions(value.network)) {
    throw fail(
      `"network": expected options of a row, got ${
        JSON.stringify(value.network)
      }`,
    );
  }
  if (!isRecord(value.tensors)) throw fail(`"tensors": expected an object`);
  for (const [name, info] of Object.entries(value.tensors)) {
    if (
      !isRecord(info) || typeof info.dtype !== "string" || !isShape(info.shape)
    ) {
      throw fail(`tensor "${name}": expected dtype and shape`);
    }
  }
  const { labels, tensors } = value as unknown as PackedMetadata;
  if (labels !== undefined && !isTexts(labels)) {
    throw fail(`"labels": expected a list of strings`);
  }
  const { samples = {} } = value;
  if (!isRecord(samples) || !isTexts(Object.values(samples))) {
    throw fail(`"samples": expected strings`);
  }
  const [classes] = tensors["fc.bias"]?.shape ?? [];
  if (labels && classes !== undefined && classes !== labels.length) {
    throw fail(`it has ${labels.length} labels for ${classes} classes`);
  }
  return value as unknown as PackedMetadata;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((v) => typeof v === "string");
}

/** Whether a value of JSON is a transform. */
export function isPreset(value: unknown): value is Preset {
  try {
    requirePreset("preset", value);
    return true;
  } catch {
    return false;
  }
}
