/**
 * What a `config.json` says of the weights beside it: the network, and how its input is made.
 *
 * @module
 */

import type { Preset } from "../../arch/preset.ts";
import { presetFromTimm } from "../../arch/timm_preset.ts";
import { presetFromTransformers } from "../../arch/transformers_preset.ts";
import { archRow } from "../../arch/lookup.ts";
import type { ArchRow } from "../../arch/table.ts";
import { expected } from "../../errors/expected.ts";
import type { Json } from "../../formats/json.ts";
import { timmRow } from "./timm_row.ts";
import { transformersRow } from "./transformers_row.ts";

/** Which preset of the weights: that of training, or timm's `use_test_size`. */
export type PresetName = "default" | "test";

/** A `config.json` that was understood. */
export interface NetworkConfig {
  /** The network, with any number of classes: the weights decide. */
  readonly row: ArchRow;
  /**
   * How the input is made; undefined if the config doesn't say.
   *
   * @throws {RangeError} If a preset can't express it.
   */
  preset(which: PresetName): Preset | undefined;
}

/**
 * Reads a timm or transformers config.
 *
 * @param config The content of `config.json`.
 * @param preprocessor That of `preprocessor_config.json`, if there is one.
 * @throws {RangeError} If it names another network than this package has.
 */
export function readNetworkConfig(
  config: Json,
  preprocessor?: Json,
): NetworkConfig {
  if (typeof config.architecture === "string") {
    return {
      row: archRow(timmRow(config)),
      preset: (which) => presetFromTimm(config, which),
    };
  }
  if (config.model_type === "resnet") {
    return {
      row: archRow(transformersRow(config)),
      preset: () => preprocessor && presetFromTransformers(preprocessor),
    };
  }
  throw new RangeError(
    config.model_type === undefined
      ? expected("", "timm's architecture or transformers' model_type", config)
      : expected("model_type", `"resnet"`, config.model_type),
  );
}
