/**
 * The values of layers for pictures in memory and in files.
 *
 * @module
 */

import "../runtime/dispose.ts";
import { computeBatch } from "../extract/extract_files.ts";
import { batchesOf, batchSize, loaded } from "../extract/input_batches.ts";
import { type InputLoader, startInputLoader } from "../extract/input_loader.ts";
import { type InputRef, inputRefs } from "../extract/input_refs.ts";
import type { InputOptions } from "../extract/load_input.ts";
import type { Preset } from "../arch/preset.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { InputFrame } from "../image/crops.ts";
import type { Picture } from "../image/rgb_image.ts";
import { normalize, resizeAndCrop } from "../image/transform.ts";
import type { ResNet } from "../model/model.ts";
import { coreCount } from "../runtime/core_count.ts";
import type { FileFeatures } from "../tables/feature_table.ts";

/**
 * Computes layers, `[h, w, C]` for each picture, in the batches that run together. Files are decoded
 * ahead, in threads where the runtime has them. A picture that can't be read doesn't stop the others.
 */
export async function* layersOf(
  model: ResNet,
  pictures: Iterable<Picture | string> | AsyncIterable<Picture | string>,
  layers: readonly string[],
  options: InputOptions,
): AsyncGenerator<FileFeatures[]> {
  const threads = Math.min(coreCount(), 8);
  await using loader = startInputLoader(model.preset, threads, options);
  const refs = refsOf(model, pictures, loader, options);
  // Two batches: one is decoded while the other runs.
  for await (const batch of batchesOf(loaded(refs, 2 * batchSize))) {
    yield await computeBatch(model, batch, layers, { layout: "nhwc" });
  }
}

async function* refsOf(
  { preset }: ResNet,
  pictures: Iterable<Picture | string> | AsyncIterable<Picture | string>,
  loader: InputLoader,
  options: InputOptions,
): AsyncGenerator<InputRef> {
  let count = 0;
  for await (const picture of pictures) {
    count++;
    if (typeof picture === "string") {
      yield* inputRefs([picture], (file) => loader.load(file), options);
      continue;
    }
    const load = () =>
      new Promise<ShapedArray>((resolve) =>
        resolve(inputOf(picture, preset, options))
      );
    yield { path: `picture ${count}`, load };
  }
}

/** @throws {TypeError} If it isn't a picture. */
function inputOf(
  picture: Picture,
  preset: Preset,
  frame: InputFrame,
): ShapedArray {
  const [crop] = resizeAndCrop(picture, preset, frame);
  const data = normalize([crop], preset);
  return { data, shape: [crop.height, crop.width, 3] };
}
