/**
 * What a `config.json` says of the weights beside it: the network, and how its input is made.
 *
 * @module
 */

import { archRow } from "../../arch/lookup.ts";
import type { Preset } from "../../arch/preset.ts";
import type { ArchRow } from "../../arch/table.ts";
import { presetFromTimm } from "../../arch/timm_preset.ts";
import { presetFromTransformers } from "../../arch/transformers_preset.ts";
import { expected } from "../../errors/expected.ts";
import { isRecord, type Json } from "../../formats/json.ts";
import { timmRow } from "./timm_row.ts";
import { transformersRow } from "./transformers_row.ts";

/** Which preset of the weights: that of training, or timm's `use_test_size`. */
export type PresetName = "default" | "test";

/** The configs of a repository, which are read when they are asked for. */
export interface NetworkConfig {
  /**
   * The network, with any number of classes, since the weights decide; undefined if no config says.
   *
   * @throws {RangeError} If it is another network than this package has; the message names the file.
   */
  row(): ArchRow | undefined;
  /**
   * How the input is made; undefined if no config says.
   *
   * @throws {RangeError} If a preset can't express it; the message names the file.
   */
  preset(which: PresetName): Preset | undefined;
  /** The names of the classes, in the order of `fc`'s outputs, if a config has them. */
  readonly labels?: readonly string[];
}

/**
 * The network and presets of a timm or transformers config.
 *
 * @param source The repository's name, for messages.
 * @param config The content of `config.json`, if there is one.
 * @param preprocessor That of `preprocessor_config.json`, if there is one.
 */
export function networkConfig(
  source: string,
  config?: Json,
  preprocessor?: Json,
): NetworkConfig {
  const isTimms = typeof config?.architecture === "string";
  return {
    labels: config && labelsOf(config),
    row: () => config && naming(`${source}/config.json`, () => rowOf(config)),
    preset(which) {
      if (config && isTimms) {
        const file = `${source}/config.json`;
        return naming(file, () => presetFromTimm(config, which));
      }
      return preprocessor &&
        naming(
          `${source}/preprocessor_config.json`,
          () => presetFromTransformers(preprocessor),
        );
    },
  };
}

/** timm's list, which is flat in old configs, or transformers' names by number. */
function labelsOf(config: Json): string[] | undefined {
  const labels = config.label_names ?? config.labels ?? config.id2label;
  const names = isRecord(labels)
    ? Object.keys(labels).map((_, i) => labels[i])
    : labels;
  return isTexts(names) ? names : undefined;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === "string");

/** A config that is neither timm's nor transformers' says nothing. */
function rowOf(config: Json): ArchRow | undefined {
  if (typeof config.architecture === "string") {
    return archRow(timmRow(config));
  }
  if (config.model_type === undefined) return undefined;
  if (config.model_type === "resnet") return archRow(transformersRow(config));
  throw new RangeError(expected("model_type", `"resnet"`, config.model_type));
}

/** Adds the file's name to an error. */
function naming<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RangeError(`${file}: ${(error as Error).message}`);
  }
}
