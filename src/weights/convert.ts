/**
 * Weights from any source, packed.
 *
 * @module
 */

import { imagenetPreset } from "../arch/preset.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { openByteSource } from "../runtime/open_source.ts";
import type { Checkpoint, CheckpointMetadata } from "./checkpoint.ts";
import { allTensors } from "./differences.ts";
import { type NetworkOptions, withNetwork } from "./open_network.ts";
import { writePacked } from "./pack.ts";
import type { Pretrained } from "./resolve.ts";
import { sha256 } from "./sha256.ts";
import { untoldOptions } from "./untold_options.ts";
import { weightsTable } from "./table.ts";

/** What {@linkcode convertWeights} packs, and how. */
export interface ConvertOptions extends NetworkOptions {
  /** How filters are stored. `"int8"` has a scale for each output channel. */
  readonly dtype: WeightsDType;
  /** Metadata for the file, added to what is known of the source. */
  readonly metadata?: CheckpointMetadata;
  /** Called with the share that is packed, 0..1. */
  readonly onPacked?: (share: number) => void;
}

/**
 * Packs weights into an `.npz` that `createModel` reads and NumPy opens: torchvision's names, in the
 * order of the forward pass. Needs Deno, Node or Bun.
 *
 * @param source What `createModel` takes as `pretrained`: an entry's name (with `arch`), a path, a
 *   URL, bytes, a checkpoint.
 * @param options The type, the network, how weights are fetched.
 * @returns The file. The same source gives the same bytes on the same runtime.
 * @throws {RangeError} If the architecture, the layer or the entry is unknown, a value is out of the
 *   type's range, or there aren't as many labels as classes.
 * @throws {TypeError} If the weights don't fit the network.
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
 *   outputLayer: "layer2",
 * });
 * using model = await createModel("mlnet_resnet18", "layer2", packed);
 * assert.equal([...model.layers.keys()].at(-1), "layer2");
 * ```
 */
export async function convertWeights(
  source: Pretrained,
  options: ConvertOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { dtype, metadata, onPacked, ...network } = options;
  const exact = { ...network, baseDType: "float32" } as const;
  return await withNetwork(source, exact, async (opened) => {
    const { row, trace, checkpoint, preset } = opened;
    const origin = await originOf(source, checkpoint);
    const official = weightsTable.find(({ sha256Prefix }) =>
      origin.sourceSha256?.startsWith(sha256Prefix)
    );
    const labels = metadata?.labels ?? origin.labels;
    const head = trace.root.children.get("fc");
    const classes = head?.type === "Linear" ? head.outFeatures : undefined;
    if (labels && classes !== undefined && labels.length !== classes) {
      throw new RangeError(
        `${labels.length} labels but ${classes} classes; the counts must match`,
      );
    }
    return await writePacked(checkpoint, {
      dtype,
      names: allTensors(trace.root).map(({ name }) => name),
      metadata: {
        arch: row.name,
        network: untoldOptions(row),
        ...origin,
        samples: checkpoint.metadata?.samples,
        preset: preset ?? official?.preset ?? imagenetPreset,
        ...metadata,
        labels: classes === undefined ? undefined : labels,
      },
      onProgress: onPacked,
    });
  });
}

/** The origin of the weights; a packed file says its own. */
async function originOf(
  source: Pretrained,
  { source: openedFrom, metadata }: Checkpoint,
): Promise<CheckpointMetadata> {
  if (metadata?.source !== undefined) {
    const { source, sourceSha256, license, labels } = metadata;
    return { source, sourceSha256, license, labels };
  }
  const [fileName] = /[^/\\]*$/.exec(openedFrom)!;
  return {
    source: fileName,
    sourceSha256: await hashOf(source, openedFrom),
    labels: metadata?.labels,
  };
}

/** The SHA-256 of a local file or of bytes; undefined for an entry, a server's file, a checkpoint. */
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
