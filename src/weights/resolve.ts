/**
 * From what the user calls the weights, `pretrained`, to an open checkpoint.
 *
 * @module
 */

import { nearest, quoted } from "../arch/nearest.ts";
import type { Preset } from "../arch/preset.ts";
import type { FileSource } from "../formats/open_source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./open.ts";
import { isGranted } from "./permissions.ts";
import { type WeightsEntry, weightsTable } from "./table.ts";
import { openFromTorchCache } from "./torch_cache.ts";

/**
 * What names weights: `true` for those of torchvision's `pretrained=True`, or that ship; the
 * name of an entry (`"IMAGENET1K_V2"`, `"DEFAULT"`, `"ResNet50_Weights.IMAGENET1K_V2"`); a path,
 * a URL or bytes; or a checkpoint that is open.
 */
export type Pretrained = true | FileSource | Checkpoint;

/** Weights, open, and the transform that goes with them. */
export interface OpenedWeights {
  /** The tensors. Whoever asked for them closes it. */
  readonly checkpoint: Checkpoint;
  /** From the table's entry, else what the file says; unknown for a plain state dict. */
  readonly preset?: Preset;
}

/** The network whose weights ship, and where they stand beside the module. */
const SHIPPED_ARCH = "mlnet_resnet18";
const shippedUrl = () =>
  new URL("../../weights/mlnet_resnet18.npz", import.meta.url);

/**
 * Opens the weights for an architecture.
 *
 * A string is an entry's name if it is one, or if it has no `/`, `\` or `.` and no such file
 * exists; else a path or a URL. Official weights are taken from torch's cache, where their hash
 * holds. Other weights never take their place.
 *
 * @throws {RangeError} If the architecture has no weights of that name.
 * @throws {SyntaxError} If the file does not parse.
 * @throws {Error} If the weights are not at hand; the message says where to get them.
 */
export async function openPretrained(
  arch: string,
  pretrained: Pretrained,
): Promise<OpenedWeights> {
  if (isCheckpoint(pretrained)) return withPreset(pretrained);
  if (pretrained === true) {
    if (arch === SHIPPED_ARCH) {
      return withPreset(await openCheckpoint(shippedUrl()));
    }
    pretrained = "IMAGENET1K_V1";
  }
  const entry = typeof pretrained === "string"
    ? await findEntry(arch, pretrained)
    : undefined;
  if (entry === undefined) {
    return withPreset(await openCheckpoint(pretrained));
  }
  return {
    checkpoint: await openFromTorchCache(entry),
    preset: entry.preset,
  };
}

function withPreset(checkpoint: Checkpoint): OpenedWeights {
  return { checkpoint, preset: checkpoint.metadata?.preset };
}

function isCheckpoint(pretrained: Pretrained): pretrained is Checkpoint {
  return typeof pretrained === "object" && "tensors" in pretrained;
}

/** The entry that a string names, or undefined for a path or a URL. */
async function findEntry(
  arch: string,
  text: string,
): Promise<WeightsEntry | undefined> {
  const [, enumName, name] = /^(?:(\w+)_Weights\.)?(\w+)$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  const entries = weightsTable.filter((entry) => entry.arch === arch);
  const isOfArch = enumName === undefined || enumName.toLowerCase() === arch;
  const entry = entries.find((entry) =>
    entry.name === name || (entry.isDefault && name === "DEFAULT")
  );
  if (entry !== undefined && isOfArch) return entry;
  if (await isFile(text)) return undefined;

  const names = entries.map((entry) => entry.name);
  if (names.length > 0) names.push("DEFAULT");
  const other = `a path${
    arch === SHIPPED_ARCH ? ", or true for those that ship" : ""
  }`;
  throw new RangeError(
    `unknown weights "${text}" of ${arch}: ` +
      (names.length > 0
        ? `did you mean ${quoted(nearest(name, names, 1))}? Known are ${
          quoted(names)
        }, or ${other}`
        : `torchvision has none for it; give ${other}`),
  );
}

async function isFile(path: string): Promise<boolean> {
  if (!isGranted({ name: "read", path })) return false;
  try {
    const { stat } = await import("node:fs/promises");
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
