/**
 * From `pretrained`, the name for weights, to an open checkpoint.
 *
 * @module
 */

import { either } from "../errors/expected.ts";
import type { Preset } from "../arch/preset.ts";
import { archTable } from "../arch/table.ts";
import { beside } from "../runtime/beside.ts";
import type { FileSource } from "../runtime/open_source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./open.ts";
import { openEntry } from "./open_entry.ts";
import type { NetworkConfig } from "./config/network_config.ts";
import { FileChangedError } from "./fetch/errors.ts";
import { Keeper } from "./fetch/keeper.ts";
import { openRemote } from "./fetch/open_remote.ts";
import type { FetchSettings } from "./fetch/options.ts";
import { kindOfPath } from "../runtime/folders.ts";
import { openFolder, openHubRepository } from "./repository.ts";
import { sha256PrefixOf, type WeightsEntry, weightsTable } from "./table.ts";

/**
 * Names weights: `true` for torchvision's `pretrained=True`, or the network that ships; an entry's
 * name (`"IMAGENET1K_V2"`, `"DEFAULT"`, `"ResNet50_Weights.IMAGENET1K_V2"`); a path, a URL or bytes;
 * `hf:owner/name` or `hf:owner/name@revision`, a repository at Hugging Face, or the path of a folder
 * cloned from there, whose configs name the network and its preset; or an open checkpoint.
 */
export type Pretrained = true | FileSource | Checkpoint;

/** Open weights, and the transform that goes with them. */
export interface OpenedWeights {
  /** The tensors. The caller closes it. */
  readonly checkpoint: Checkpoint;
  /** The table's, else the file's own; a plain state dict has none. */
  readonly preset?: Preset;
  /** What the repository says of the weights. */
  readonly config?: NetworkConfig;
}

/** The network that ships with the package, and where its weights are. */
const shippedArch = "mlnet_resnet18";
function shippedUrl(): URL {
  try {
    return beside(() =>
      new URL("../../weights/mlnet_resnet18.npz", import.meta.url)
    );
  } catch (cause) {
    const message =
      `cannot find the weights that ship with the package here; ` +
      `put weights/mlnet_resnet18.npz into your bundle, and pass its bytes as pretrained`;
    throw new Error(message, { cause });
  }
}

/**
 * Opens the weights for an architecture.
 *
 * A string is an entry's name if the architecture has one of that name, or if it has no `/`, `\\` or
 * `.` and no such file exists; else a path or a URL. Other weights never take the place of an
 * entry's.
 *
 * @param arch Which architecture's entries; undefined if only a file will do.
 * @param settings How they are fetched.
 * @param table The entries.
 * @throws {RangeError} If the architecture has no weights of that name.
 * @throws {SyntaxError} If the file does not parse, or has another hash than the entry's.
 * @throws {Error} If no place has the weights; the message says where to download them.
 */
export async function openPretrained(
  arch: string | undefined,
  pretrained: Pretrained,
  settings: FetchSettings = {},
  table: readonly WeightsEntry[] = weightsTable,
): Promise<OpenedWeights> {
  if (isCheckpoint(pretrained)) return withPreset({ checkpoint: pretrained });
  if (pretrained === true) {
    pretrained = arch === shippedArch ? shippedUrl() : "IMAGENET1K_V1";
  }
  const url = serverUrl(pretrained);
  if (url?.startsWith("hf:")) {
    return withPreset(await openHubRepository(url, settings));
  }
  if (url !== undefined) {
    const entry = table.find((entry) =>
      [entry.url, entry.legacyUrl, entry.mirrorUrl].includes(url)
    );
    const keeper = await Keeper.open(settings);
    const sha256 = entry?.url === url
      ? entry.sha256Prefix
      : entry && sha256PrefixOf(url); // The mirror has none.
    const checkpoint = await openRemote(url, settings, keeper, { sha256 });
    return {
      ...withPreset({ checkpoint }),
      ...entry && { preset: entry.preset },
    };
  }
  const entry = typeof pretrained === "string"
    ? await findEntry(arch, pretrained, table)
    : undefined;
  if (entry === undefined) {
    const path = pathOf(pretrained);
    const isFolder = path !== undefined && await kindOfPath(path) === "folder";
    return withPreset(
      isFolder
        ? await openFolder(path, settings)
        : { checkpoint: await openCheckpoint(pretrained, settings) },
    );
  }
  const checkpoint = await openEntry(entry, settings);
  return { checkpoint, preset: entry.preset };
}

/**
 * Opens weights, uses them, and closes them unless the caller opened them. If the file changes on
 * its server meanwhile, it starts over, once.
 *
 * @throws What {@linkcode openPretrained} throws, and what `use` does.
 */
export async function withPretrained<T>(
  arch: string | undefined,
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

/** The URL on a server, or the `hf:` of a repository; undefined for a name, a path or bytes. */
function serverUrl(pretrained: FileSource): string | undefined {
  const text = typeof pretrained === "string" || pretrained instanceof URL
    ? String(pretrained)
    : "";
  if (/^https?:/i.test(text)) return new URL(text).href;
  return text.startsWith("hf:") ? text : undefined;
}

/** The path of a file or folder; undefined for other sources. */
function pathOf(source: FileSource): string | URL | undefined {
  if (typeof source === "string") {
    if (/^file:/i.test(source)) return new URL(source);
    return /^(blob|data):/i.test(source) ? undefined : source;
  }
  return source instanceof URL && source.protocol === "file:"
    ? source
    : undefined;
}

function withPreset<T extends OpenedWeights>(opened: T): OpenedWeights {
  return { preset: opened.checkpoint.metadata?.preset, ...opened };
}

function isCheckpoint(pretrained: Pretrained): pretrained is Checkpoint {
  return typeof pretrained === "object" && "tensors" in pretrained;
}

/** The entry that a string names; undefined for a path. */
async function findEntry(
  arch: string | undefined,
  text: string,
  table: readonly WeightsEntry[],
): Promise<WeightsEntry | undefined> {
  const [, enumName, name] = /^(?:(\w+)_Weights\.)?(\w+)$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  const named = table.filter((entry) =>
    entry.name === name || (entry.isDefault && name === "DEFAULT")
  );
  const entry = named.find((entry) => entry.arch === arch);
  const isOfArch = enumName === undefined || enumName.toLowerCase() === arch;
  if (entry !== undefined && isOfArch) return entry;
  if (arch === undefined && named.length === 0) return undefined;
  if (await kindOfPath(text) !== undefined) return undefined;
  throw new RangeError(
    `unknown weights "${text}": ${whyUnknown(arch, table)}`,
  );
}

function whyUnknown(
  arch: string | undefined,
  table: readonly WeightsEntry[],
): string {
  if (arch === undefined) {
    return "this name exists for several architectures; pass `arch`, a path or a URL";
  }
  const entries = table.filter((entry) => entry.arch === arch);
  if (entries.length === 0 && archTable.get(arch)?.origin === "timm") {
    return `torchvision has none for ${arch}; pass "hf:timm/${arch}.ra2_in1k", a path or a URL`;
  }
  if (entries.length === 0) {
    return `torchvision has none for ${arch}; pass a path or a URL` +
      (arch === shippedArch ? ", or true for the ones that ship" : "");
  }
  const names = [...entries.map(({ name }) => name), "DEFAULT"];
  return `${arch} has ${either(names)}; or pass a path or a URL`;
}
