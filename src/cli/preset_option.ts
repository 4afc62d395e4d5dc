/**
 * `--preset`: how pictures become the input.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import { expected, requireInteger } from "../errors/expected.ts";
import { checked } from "./command.ts";

/** For commands that load a network. */
export const presetOption = {
  preset: {
    value: "WHAT",
    help: "how pictures are resized and cropped: test (timm's test size), " +
      "IMAGENET1K_V2, a file, or resize=256,crop=224,interpolation=bilinear " +
      "(default: the weights' own)",
  },
} as const;

/** What `createModel` takes. */
type PresetChoice = "default" | "test" | Partial<Preset>;

/**
 * The preset that the text means, for `createModel`.
 *
 * @param arch The network whose entry a name such as `IMAGENET1K_V1` means.
 * @throws {UsageError} If it means none.
 */
export async function readPreset(
  text: string | undefined,
  arch: string | undefined,
): Promise<PresetChoice> {
  if (text === undefined) return "default";
  if (text === "default" || text === "test") return text;
  if (/^\w+=/.test(text)) return checked("preset", () => fromFields(text));
  const named = await fromTable(text, arch);
  if (named) return named;
  const { kindOfPath } = await import("../runtime/folders.ts");
  if (await kindOfPath(text) === "file") return await fromFile(text);
  return checked("preset", () => {
    const what = "test, a name such as IMAGENET1K_V2, a file, or resize=256";
    throw new RangeError(expected("", what, text));
  });
}

/** `resize=256,crop=224,interpolation=bicubic,mean=0.5/0.5/0.5,std=0.5/0.5/0.5`. */
function fromFields(text: string): Partial<Preset> {
  const numbers = (value: string) => value.split("/").map(Number);
  const side = (key: string, value: string) =>
    requireInteger(key, /^\d+$/.test(value) ? Number(value) : value, 1);
  const readers: Readonly<Record<string, (value: string) => unknown>> = {
    resize: (value) => ({ resizeSize: side("resize", value) }),
    crop: (value) => ({ cropSize: side("crop", value) }),
    interpolation: (interpolation) => ({ interpolation }),
    mean: (value) => ({ mean: numbers(value) }),
    std: (value) => ({ std: numbers(value) }),
    channels: (channels) => ({ channels }),
  };
  const fields = text.split(",").map((field) => {
    const [key, value = ""] = field.split("=");
    if (Object.hasOwn(readers, key)) return readers[key](value);
    const what = "resize=, crop=, interpolation=, mean=, std= or channels=";
    throw new RangeError(expected("", what, field));
  });
  return Object.assign({}, ...fields);
}

/** The preset of a torchvision entry: the architecture's, or the one of all entries of that name. */
async function fromTable(
  text: string,
  arch: string | undefined,
): Promise<Preset | undefined> {
  const { weightsTable } = await import("../weights/table.ts");
  const [, enumName = arch, name] = /^(?:(\w+)_Weights\.)?(\w+)$/.exec(text) ??
    [];
  const entries = weightsTable.filter((entry) => entry.name === name);
  const own = entries.find((entry) => entry.arch === enumName?.toLowerCase());
  return (own ?? entries[0])?.preset;
}

/** A config of timm or transformers, or a preset of this package, in JSON. */
async function fromFile(path: string): Promise<Partial<Preset>> {
  const { readBytes } = await import("../runtime/open_source.ts");
  const { failReading } = await import("../errors/fail.ts");
  const { parseJsonObject } = await import("../formats/json.ts");
  const { bytes } = await readBytes(path);
  const config = parseJsonObject(bytes, failReading(path));
  if ("resizeSize" in config || "cropSize" in config) return config;
  if ("image_mean" in config) {
    const { presetFromTransformers } = await import(
      "../arch/transformers_preset.ts"
    );
    return checked("preset", () => presetFromTransformers(config));
  }
  if ("pretrained_cfg" in config || "input_size" in config) {
    const { presetFromTimm } = await import("../arch/timm_preset.ts");
    return checked("preset", () => presetFromTimm(config));
  }
  throw failReading(path)(
    "expected a config.json of timm, a preprocessor_config.json of transformers, or a preset",
  );
}
