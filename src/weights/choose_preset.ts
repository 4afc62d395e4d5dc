import type { Preset } from "../arch/preset.ts";
import { requirePreset } from "../arch/preset_fields.ts";
import { requireOneOf } from "../errors/expected.ts";
import type { PresetName } from "./config/network_config.ts";
import type { OpenedWeights } from "./resolve.ts";

/**
 * How the input is made for some weights: as the caller says, else their config, the table or the
 * file; undefined if nobody says.
 *
 * @param choice `"test"` takes timm's test size; weights with one preset have no other.
 * @param warn Called if a repository doesn't say.
 * @throws {RangeError} If a preset can't express what the config says, or nothing says what `"test"`
 *   is.
 */
export function choosePreset(
  choice: PresetName | Preset,
  { checkpoint, config, preset }: OpenedWeights,
  warn: (message: string) => void,
): Preset | undefined {
  if (typeof choice === "object") return requirePreset("preset", choice);
  const which = requireOneOf("preset", choice, ["default", "test"]);
  let chosen = preset;
  try {
    chosen = config?.preset(which) ?? preset;
  } catch (error) {
    throw new RangeError(
      `${(error as Error).message}; pass a preset of your own`,
    );
  }
  if (chosen !== undefined) return chosen;
  if (which === "test") {
    throw new RangeError(
      `"${checkpoint.source}" has no config that names a test preset; pass a preset of your own`,
    );
  }
  if (config) {
    warn(
      `"${checkpoint.source}" has no config that names its preset; using ImageNet's ` +
        "(resize 256, crop 224, bilinear)",
    );
  }
  return undefined;
}
