/**
 * Scores of many pictures.
 *
 * @module
 */

import { extractBatches } from "../extract/extract_files.ts";
import { type InputOptions, inputOptions } from "../extract/load_input.ts";
import type { Skip } from "../extract/resumable_run.ts";
import { bankParts, type PatchCore } from "./patch_core.ts";
import type { AnomalyScore } from "./score.ts";

/** A picture's score and map, or why it has none. */
export type FileScore =
  & {
    /** The picture's file, or `x.npy[3]` for a picture of a batch. */
    readonly path: string;
  }
  & (
    | AnomalyScore & { readonly error?: undefined }
    | {
      /** Why it has no score. */
      readonly error: Error;
    }
  );

/**
 * Scores the pictures of many files, one after the other.
 *
 * Memory use doesn't grow with their number. Pictures are decoded ahead, in threads where the runtime
 * has them, and neighbours of one size run together. They are read as the good ones were: `draft`,
 * `exifOrientation`, `region` and `crop` are the bank's. A picture that can't be read doesn't stop the others.
 *
 * @param bank The good pictures.
 * @param files Paths or URLs of pictures, and of `.npy` files with normalized batches.
 * @param options How pictures are read.
 *
 * @example Two pictures, and one that is missing
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { fitPatchCore, scoreFiles } from "@layertap/resnet/anomaly";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const files = ["chelsea.png", "coffee.png", "no.png"].map((name) => `examples/images/${name}`);
 * using bank = await fitPatchCore(model, files.slice(0, 1), { coreset: 0.1 });
 * const [cat, coffee, no] = await Array.fromAsync(scoreFiles(bank, files));
 * assert(!cat.error && !coffee.error && coffee.score > cat.score);
 * assert.match(no.error!.message, /there is no such file/);
 * ```
 */
export async function* scoreFiles(
  bank: PatchCore,
  files: Iterable<string> | AsyncIterable<string>,
  options: InputOptions = {},
): AsyncGenerator<FileScore> {
  for await (const batch of scoreBatches(bank, files, options)) yield* batch;
}

/** The same, in the batches that run together: see {@linkcode extractBatches}. */
export async function* scoreBatches(
  bank: PatchCore,
  files: Iterable<string> | AsyncIterable<string>,
  options: InputOptions = {},
  skip?: Skip,
): AsyncGenerator<FileScore[]> {
  const { layers, draft, exifOrientation, region, crop } = bank.origin;
  const { front, score } = bankParts(bank);
  const reading = {
    ...inputOptions(options),
    ...{ draft, exifOrientation, region, crop },
  };
  const all = extractBatches(
    front,
    files,
    layers,
    { ...reading, layout: "nhwc" },
    skip,
  );
  for await (const batch of all) {
    yield batch.map(({ path, values, error }): FileScore => {
      if (!values) return { path, error: error! };
      const arrays = layers.map((layer) => values[layer]);
      return { path, ...score(arrays) };
    });
  }
}
