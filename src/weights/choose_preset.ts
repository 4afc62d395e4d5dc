import { imagenetPreset, type Preset } from "../arch/preset.ts";
import { requirePreset } from "../arch/preset_fields.ts";
import { requireOneOf } from "../errors/expected.ts";
import type { PresetName } from "./config/network_config.ts";
import type { OpenedWeights } from "./resolve.ts";

/** The fields that every preset has. */
const fields = ["resizeSize", "cropSize", "interpolation", "mean", "std"];

/**
 * How the input is made for some weights: as the caller says, else their config, the table or the
 * file; undefined if nobody says.
 *
 * @param choice `"test"` takes timm's test size; weights with one preset have no other. Fields replace
 *   those of the default.
 * @param warn Called if a repository doesn't say.
 * @throws {RangeError} If a preset can't express what the config says, nothing says what `"test"` is,
 *   or a field is out of bounds.
 */
export function choosePreset(
  choice: PresetName | Partial<Preset>,
  weights: OpenedWeights,
  warn: (message: string) => void,
): Preset | undefined {
  if (typeof choice === "object") {
    const isWhole = fields.every((field) => field in choice);
    const base = isWhole ? undefined : namedPreset("default", weights, warn);
    return withFields(choice, base);
  }
  const which = requireOneOf("preset", choice, ["default", "test"]);
  return namedPreset(which, weights, warn);
}

/** A preset, by default ImageNet's, with other fields. */
export function withFields(
  fields: Partial<Preset>,
  base: Preset = imagenetPreset,
): Preset {
  return requirePreset("preset", { ...base, ...fields });
}

function namedPreset(
  which: PresetName,
  { checkpoint, config, preset }: OpenedWeights,
  warn: (message: string) => void,
): Preset | undefined {
  let chosen = preset;
  try {
    chosen = config?.preset(which) ?? preset;
  } catch (error) {
    const { message } = error as Error;
    throw new RangeError(`${message}; pass a preset of your own`);
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
