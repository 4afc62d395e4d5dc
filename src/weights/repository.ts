/**
 * Repositories of weights and their configs: at Hugging Face, or folders cloned from there.
 *
 * @module
 */

import { warnOnConsole } from "../errors/printable.ts";
import { either, expected, few } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import { type Json, parseJsonObject } from "../formats/json.ts";
import { filesIn } from "../runtime/folders.ts";
import { readBytes } from "../runtime/open_source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type NetworkConfig, networkConfig } from "./config/network_config.ts";
import { FetchError, MissingFileError } from "./fetch/errors.ts";
import { Keeper } from "./fetch/keeper.ts";
import { openRemote } from "./fetch/open_remote.ts";
import type { FetchSettings } from "./fetch/options.ts";
import { fetchSmall, keptSmall } from "./fetch/small_file.ts";
import { openCheckpoint } from "./open.ts";
import { openSharded } from "./sharded.ts";

/** Files beside each other. */
interface Repository {
  /** Its name in messages. */
  readonly name: string;
  /** Reads a small file; undefined if there is none. */
  read(file: string): Promise<Uint8Array | undefined>;
  /** Opens a file of weights; undefined if there is none. */
  open(file: string): Promise<Checkpoint | undefined>;
  /** Weights under names of their own, if they can be listed. */
  readonly others: readonly string[];
}

/** The weights of a repository, and what it says of them. */
export interface OpenedRepository {
  readonly checkpoint: Checkpoint;
  readonly config: NetworkConfig;
}

/** Names of weights, the first of which is taken; an index names several files. */
const NAMES = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
  "pytorch_model.pth",
];

/**
 * Opens the weights of `hf:owner/name` or `hf:owner/name@revision`.
 *
 * @throws {RangeError} If the name has another form.
 * @throws {Error} If it has no weights, or the server can't be reached.
 */
export async function openHubRepository(
  text: string,
  settings: FetchSettings,
): Promise<OpenedRepository> {
  const { warn = warnOnConsole } = settings;
  const [, owner, revision = "main"] =
    /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(text) ?? [];
  if (owner === undefined) {
    throw new RangeError(
      expected("", "hf:owner/name or hf:owner/name@revision", text),
    );
  }
  const base = `https://huggingface.co/${owner}/resolve/${
    encodeURIComponent(revision)
  }/`;
  const keeper = await Keeper.open(settings);
  const open = (file: string) => openRemote(base + file, settings, keeper);
  const isMissing = (error: unknown) => {
    if (error instanceof MissingFileError) return undefined;
    throw error;
  };
  return await openRepository({
    name: text,
    async read(file) {
      try {
        return await keptSmall(base + file, keeper) ??
          await fetchSmall(base + file, settings, keeper);
      } catch (error) {
        if (error instanceof MissingFileError) return undefined;
        // Weights in the cache need no network.
        const kept = error instanceof FetchError &&
          await keeper.find(base + NAMES[0]);
        const { message } = error as Error;
        if (kept) {
          warn(`${message}; using the weights without it`);
          return undefined;
        }
        // What the hub answers for an absent repository, too.
        if (!/HTTP 40[13]/.test(message)) throw error;
        throw new FetchError(
          `${message}; check the name; clone a private repository, and pass its folder`,
        );
      }
    },
    open: (file) => open(file).catch(isMissing),
    others: [],
  });
}

/**
 * Opens the weights in a folder.
 *
 * @throws {Error} If it has none, or several of which none has a usual name.
 */
export async function openFolder(
  folder: string | URL,
  settings: FetchSettings,
): Promise<OpenedRepository> {
  const files = await filesIn(folder);
  const at = (file: string) =>
    typeof folder === "string"
      ? `${folder.replace(/[\\/]+$/, "")}/${file}`
      : new URL(file, `${folder.href.replace(/\/+$/, "")}/`);
  return await openRepository({
    name: String(folder),
    async read(file) {
      if (!files.includes(file)) return undefined;
      return (await readBytes(at(file))).bytes;
    },
    async open(file) {
      return files.includes(file)
        ? await openCheckpoint(at(file), settings)
        : undefined;
    },
    others: files.filter((file) => /\.(safetensors|bin|pth?|npz)$/.test(file)),
  });
}

async function openRepository(
  repository: Repository,
): Promise<OpenedRepository> {
  const { name } = repository;
  const read = async (file: string): Promise<Json | undefined> => {
    const bytes = await repository.read(file);
    return bytes && parseJsonObject(bytes, failReading(`${name}/${file}`));
  };
  const config = await read("config.json");
  const preprocessor = config?.model_type === "resnet"
    ? await read("preprocessor_config.json")
    : undefined;
  return {
    checkpoint: await openWeights(repository),
    config: networkConfig(name, config, preprocessor),
  };
}

async function openWeights(repository: Repository): Promise<Checkpoint> {
  const { name, others } = repository;
  for (const file of NAMES) {
    if (!file.endsWith(".json")) {
      const checkpoint = await repository.open(file);
      if (checkpoint) return checkpoint;
      continue;
    }
    const index = await repository.read(file);
    if (index === undefined) continue;
    return await openSharded(index, `${name}/${file}`, async (shard) => {
      const checkpoint = await repository.open(shard);
      if (checkpoint) return checkpoint;
      throw new Error(`"${name}" has no ${shard}, which ${file} names`);
    });
  }
  const checkpoint = others.length === 1 && await repository.open(others[0]);
  if (checkpoint) return checkpoint;
  const usual = NAMES.filter((file) => !file.endsWith(".json"));
  throw new Error(
    others.length > 1
      ? `"${name}" has several files of weights (${
        few(others)
      }); pass the path of one`
      : `"${name}" has no weights; expected ${either(usual)}`,
  );
}
