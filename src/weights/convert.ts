/**
 * Packing weights from any source.
 *
 * @module
 */

import { archRow } from "../arch/lookup.ts";
import { imagenetPreset, type Preset } from "../arch/preset.ts";
import { buildResNet } from "../arch/resnet.ts";
import type { ArchName, ArchRow } from "../arch/table.ts";
import { openByteSource } from "../runtime/open_source.ts";
import { resolveNode } from "../arch/node_names.ts";
import { cutTrace, traceForward } from "../arch/trace.ts";
import type { Checkpoint, CheckpointMetadata } from "./checkpoint.ts";
import type { FetchOptions } from "./fetch/options.ts";
import { guessArch } from "./guess_arch.ts";
import { headClasses, withTorchvisionNames } from "./key_names.ts";
import { allTensors, checkTensors } from "./load.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { writePacked } from "./pack.ts";
import { type Pretrained, withPretrained } from "./resolve.ts";
import { sha256 } from "./sha256.ts";
import { weightsTable } from "./table.ts";

/** Which network weights are of; the other options matter where they come over the network. */
export interface NetworkOptions extends Omit<FetchOptions, "dtype"> {
  /** The architecture. Default: what the names and shapes of the tensors say. */
  readonly arch?: ArchName | ArchRow | (string & Record<never, never>);
  /** The last node that is wanted. Default: the whole network. */
  readonly until?: string | null;
}

/** What `convertWeights` is told. */
export interface ConvertOptions extends NetworkOptions {
  /** How filters are stored. `"int8"` has a scale for each output channel. */
  readonly dtype: WeightsDType;
  /** What the file shall say of itself, besides what is known of the source. */
  readonly metadata?: CheckpointMetadata;
  /** Told how much is packed, 0..1. */
  readonly onPacked?: (share: number) => void;
}

/**
 * Packs weights: an `.npz` under torchvision's names, in the order of the forward pass, that
 * `createModel` takes and NumPy opens. Needs Deno, Node or Bun.
 *
 * @param source What `createModel` takes as `pretrained`: an entry's name (with `arch`), a path, a
 *   URL, bytes, a checkpoint.
 * @returns The file. The same source gives the same bytes on the same runtime.
 * @throws {RangeError} If the architecture, the node or the entry is unknown, or if a value is
 *   beyond the type.
 * @throws {TypeError} If the weights don't fit the network; every tensor that is amiss is named.
 * @throws {SyntaxError} If the source doesn't parse.
 *
 * @example The first two layers, for the edge
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { convertWeights } from "@layertap/resnet/weights";
 * import assert from "node:assert/strict";
 *
 * const packed = await convertWeights("weights/mlnet_resnet18.npz", {
 *   dtype: "float16",
 *   until: "layer2",
 * });
 * using model = await createModel("mlnet_resnet18", "layer2", packed);
 * assert.equal([...model.layers.keys()].at(-1), "layer2");
 * ```
 */
export async function convertWeights(
  source: Pretrained,
  options: ConvertOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { dtype, until = null, metadata, onPacked } = options;
  const use = async ({ row, checkpoint, preset }: OpenedNetwork) => {
    const full = traceForward(buildResNet(row));
    const { root } = until === null
      ? full
      : cutTrace(full, resolveNode(full, full, until));
    checkTensors(checkpoint, row.name, root, full.root);
    const origin = await originOf(source, checkpoint);
    const official = weightsTable.find(({ sha256Prefix }) =>
      origin.sourceSha256?.startsWith(sha256Prefix)
    );
    return await writePacked(checkpoint, {
      dtype,
      names: allTensors(root).map(({ name }) => name),
      metadata: {
        arch: row.name,
        ...origin,
        preset: preset ?? official?.preset ?? imagenetPreset,
        ...metadata,
      },
      onProgress: onPacked,
    });
  };
  return await withNetwork(source, options, use);
}

/** Weights that are open, and their network. */
export interface OpenedNetwork {
  readonly row: ArchRow;
  /** Under torchvision's names. */
  readonly checkpoint: Checkpoint;
  /** The transform, as far as the source says it. */
  readonly preset?: Preset;
}

/**
 * Opens weights, finds out of which network they are, uses them and closes them.
 *
 * @throws What `convertWeights` throws, and what `use` does.
 */
export async function withNetwork<T>(
  source: Pretrained,
  options: NetworkOptions,
  use: (opened: OpenedNetwork) => Promise<T>,
): Promise<T> {
  const { arch, warn = console.warn } = options;
  const given = arch === undefined ? undefined : archRow(arch);
  if (given === undefined && isEntryName(source)) {
    throw new RangeError(
      `cannot tell the architecture of ${
        JSON.stringify(source)
      }: several have weights of that name; say which it is`,
    );
  }
  // Of what stands on a host of packed weights only the exact will do.
  const settings = { ...options, dtype: "float32" } as const;
  return await withPretrained(
    given?.name ?? "",
    source,
    settings,
    async ({ checkpoint: opened, preset }) => {
      const { checkpoint, note } = withTorchvisionNames(opened);
      if (note) warn(note);
      const numClasses = headClasses(checkpoint);
      const row = given ? { ...given, numClasses } : guessArch(checkpoint);
      return await use({ row, checkpoint, preset });
    },
  );
}

/** Whether it means an entry of the table; which one depends on the architecture. */
function isEntryName(source: Pretrained): boolean {
  return source === true ||
    (typeof source === "string" &&
      /^(\w+_Weights\.)?(IMAGENET1K_V\d|DEFAULT)$/.test(source));
}

/** What the file says of the source; of a packed one, what that says of its own. */
async function originOf(
  source: Pretrained,
  { source: openedFrom, metadata }: Checkpoint,
): Promise<CheckpointMetadata> {
  if (metadata?.source !== undefined) {
    const { source, sourceSha256, license } = metadata;
    return { source, sourceSha256, license };
  }
  const [fileName] = /[^/\\]*$/.exec(openedFrom)!;
  return { source: fileName, sourceSha256: await hashOf(source, openedFrom) };
}

/** The SHA-256 of what is at hand as a file: not of an entry, nor of what a server has. */
async function hashOf(
  source: Pretrained,
  openedFrom: string,
): Promise<string | undefined> {
  if (source === true) return undefined;
  if (typeof source === "string" || source instanceof URL) {
    const text = String(source);
    if (text !== openedFrom || /^https?:/i.test(text)) return undefined;
  } else if ("tensors" in source) return undefined;
  const bytes = await openByteSource(source);
  try {
    return await sha256(bytes);
  } finally {
    bytes.close();
  }
}
