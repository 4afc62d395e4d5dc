/**
 * From what the user calls the weights, `pretrained`, to an open checkpoint.
 *
 * @module
 */

import { nearest, quoted } from "../errors/nearest.ts";
import type { Preset } from "../arch/preset.ts";
import type { FileSource } from "../runtime/open_source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./open.ts";
import { openEntry } from "./open_entry.ts";
import { FileChangedError } from "./fetch/errors.ts";
import { Keeper } from "./fetch/keeper.ts";
import { openRemote } from "./fetch/open_remote.ts";
import type { FetchSettings } from "./fetch/options.ts";
import { isGranted } from "../runtime/environment.ts";
import { sha256PrefixOf, type WeightsEntry, weightsTable } from "./table.ts";

/**
 * What names weights: `true` for those of torchvision's `pretrained=True`, or that ship; the
 * name of an entry (`"IMAGENET1K_V2"`, `"DEFAULT"`, `"ResNet50_Weights.IMAGENET1K_V2"`); a path,
 * a URL or bytes; `hf:owner/name` or `hf:owner/name@revision`, the `model.safetensors` of a
 * repository at Hugging Face; or a checkpoint that is open.
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
 * A string is an entry's name if it is one, or if it has no `/`, `\\` or `.` and no such file
 * exists; else a path or a URL. Other weights never take the place of an entry's.
 *
 * @param settings How they are fetched, where they are not at hand.
 * @param table The entries that there are.
 * @throws {RangeError} If the architecture has no weights of that name.
 * @throws {SyntaxError} If the file does not parse, or has another hash than the entry says.
 * @throws {Error} If the weights cannot be had; the message says where to get them.
 */
export async function openPretrained(
  arch: string,
  pretrained: Pretrained,
  settings: FetchSettings = {},
  table: readonly WeightsEntry[] = weightsTable,
): Promise<OpenedWeights> {
  if (isCheckpoint(pretrained)) return withPreset(pretrained);
  if (pretrained === true) {
    pretrained = arch === SHIPPED_ARCH ? shippedUrl() : "IMAGENET1K_V1";
  }
  const url = serverUrl(pretrained);
  if (url !== undefined) {
    const entry = table.find((entry) =>
      entry.url === url || entry.legacyUrl === url
    );
    const keeper = await Keeper.open(settings);
    const sha256 = entry?.url === url
      ? entry.sha256Prefix
      : entry && sha256PrefixOf(url);
    const checkpoint = await openRemote(url, settings, keeper, { sha256 });
    return { ...withPreset(checkpoint), ...entry && { preset: entry.preset } };
  }
  const entry = typeof pretrained === "string"
    ? await findEntry(arch, pretrained, table)
    : undefined;
  if (entry === undefined) {
    return withPreset(await openCheckpoint(pretrained));
  }
  const checkpoint = await openEntry(entry, settings);
  return { checkpoint, preset: entry.preset };
}

/**
 * Opens weights, uses them, and closes them unless the caller opened them. If the file changes on
 * its server meanwhile, once more from the beginning.
 *
 * @throws What {@linkcode openPretrained} throws, and what `use` does.
 */
export async function withPretrained<T>(
  arch: string,
  pretrained: Pretrained,
  settings: FetchSettings,
  use: (opened: OpenedWeights) => Promise<T>,
): Promise<T> {
  for (let isFirst = true;; isFirst = false) {
    try {
      const opened = await openPretrained(arch, pretrained, settings);
      try {
        return await use(opened);
      } finally {
        if (opened.checkpoint !== pretrained) opened.checkpoint.close();
      }
    } catch (error) {
      if (!isFirst || !(error instanceof FileChangedError)) throw error;
    }
  }
}

/** The URL of what is fetched from a server; undefined for a name, a path, bytes. */
function serverUrl(pretrained: FileSource): string | undefined {
  const text = typeof pretrained === "string" || pretrained instanceof URL
    ? String(pretrained)
    : "";
  if (/^https?:/i.test(text)) return new URL(text).href;
  if (!text.startsWith("hf:")) return undefined;
  const [, repository, revision = "main"] =
    /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(text) ?? [];
  if (repository === undefined) {
    throw new RangeError(
      `unknown weights "${text}": hf:owner/name or hf:owner/name@revision is allowed`,
    );
  }
  return `https://huggingface.co/${repository}/resolve/${
    encodeURIComponent(revision)
  }/model.safetensors`;
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
  table: readonly WeightsEntry[],
): Promise<WeightsEntry | undefined> {
  const [, enumName, name] = /^(?:(\w+)_Weights\.)?(\w+)$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  const entries = table.filter((entry) => entry.arch === arch);
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
