/**
 * Fits a bank to good pictures, with their features on disk until it is done.
 *
 * @module
 */

import { extractBatches } from "../extract/extract_files.ts";
import {
  type ExtractReport,
  resumableRun,
  type RunOptions,
} from "../extract/resumable_run.ts";
import { countInputs } from "../extract/input_refs.ts";
import { inputOptions } from "../extract/load_input.ts";
import { readingOrigin } from "../extract/vector_file.ts";
import { decodeElements } from "../formats/elements.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { ResNet } from "../model/model.ts";
import type { FeatureTable } from "../tables/feature_table.ts";
import { patchShapeOf, requireRoom } from "./bank_size.ts";
import { buildBank, type FeatureStore } from "./build_bank.ts";
import {
  type FitPatchCoreOptions,
  fitSettings,
  heldOutOf,
  originOfFit,
} from "./fit_options.ts";

/** What {@linkcode fitPatchCoreToFile} did. */
export interface FitReport extends ExtractReport {
  /** `[patches, channels]` of the bank. */
  readonly shape: readonly [number, number];
  /** Number of good pictures that were held out of the bank. */
  readonly heldOut: number;
}

/**
 * Fits a bank to the pictures of many files and writes it: all of it or nothing.
 *
 * A picture that can't be read doesn't stop the others. Until the end the layers' features wait in the folder `<out>.part`, 0.6 MB a picture for ResNet-18.
 * The folder stays if the run is stopped; with `resume`, the same run continues from there, and only
 * the choice of patches is done again. Other options of that choice may then be given.
 *
 * @param model A model that reaches the layers. It stays the caller's.
 * @param files Paths or URLs of good pictures, and of `.npy` files with normalized batches.
 * @param out A path that ends in `.npz`.
 * @param options As for {@linkcode fitPatchCore}, and `resume`.
 * @throws {RangeError} As {@linkcode fitPatchCore}; a bank that is too large is refused before any
 *   picture is read.
 * @throws {TypeError} As {@linkcode fitPatchCore}.
 * @throws {Error} As {@linkcode extractToFile}.
 *
 * @example A bank from a folder's pictures
 * ```ts ignore
 * import { createModel } from "@layertap/resnet";
 * import { fitPatchCoreToFile } from "@layertap/resnet/anomaly";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const files = ["good/1.jpg", "good/2.jpg"];
 * const { count, shape } = await fitPatchCoreToFile(model, files, "bank.npz");
 * assert.deepEqual([count, shape], [2, [15, 384]]);
 * ```
 */
export async function fitPatchCoreToFile(
  model: ResNet,
  files: readonly string[],
  out: string,
  options: FitPatchCoreOptions & Pick<RunOptions, "resume"> = {},
): Promise<FitReport> {
  const settings = fitSettings(options);
  const { layers, coreset, holdOut, maxBytes, onProgress, signal } = settings;
  const total = await countInputs(files, options);
  const kept = total - heldOutOf(total, holdOut);
  requireRoom(kept, patchShapeOf(model, layers), coreset, maxBytes);
  const { arch, fingerprints, preset } = await originOfFit(model, settings);
  const run = {
    dtype: "float32" as const,
    ...{ nodes: layers, arch, fingerprints, preset },
    ...readingOrigin(options),
  };
  using front = model.truncate(layers);
  let bank: Pick<FitReport, "shape" | "heldOut"> | undefined;
  const report = await resumableRun(
    out,
    run,
    {
      resume: options.resume,
      onProgress: (done) => onProgress?.({ stage: "pictures", done, total }),
      signal,
    },
    (skip) =>
      extractBatches(
        front,
        files,
        layers,
        { ...inputOptions(options), layout: "nhwc" },
        skip,
      ),
    async (table) => {
      const store = await storeOf(table);
      using built = await buildBank(model, store, settings, []);
      bank = { shape: built.shape, heldOut: heldOutOf(store.count, holdOut) };
      return built.stream();
    },
  );
  return { ...report, ...bank! };
}

/** The pictures of a table that could be read. */
async function storeOf(
  { rows, columns }: FeatureTable,
): Promise<FeatureStore> {
  const good: number[] = [];
  let count = 0;
  for await (const { error } of rows()) {
    if (error === undefined) good.push(count);
    count++;
  }
  return {
    count: good.length,
    async read(picture) {
      const layers: ShapedArray[] = [];
      const row = good[picture];
      for (const { read, shape } of columns) {
        const bytes = await read(row, row + 1);
        const data = decodeElements(bytes, "float32", true) as Float32Array;
        layers.push({ data, shape });
      }
      return layers;
    },
  };
}
