/**
 * Fits a bank to good pictures.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { Picture } from "../image/rgb_image.ts";
import type { ResNet } from "../model/model.ts";
import { requireSameShape } from "../tables/feature_table.ts";
import { patchShapeOf, requireRoom } from "./bank_size.ts";
import { buildBank } from "./build_bank.ts";
import {
  type FitPatchCoreOptions,
  fitSettings,
  heldOutOf,
  step,
} from "./fit_options.ts";
import { layersOf } from "./layers_of.ts";
import type { PatchCore } from "./patch_core.ts";

/** Pictures in memory, or their paths or URLs. */
export type Pictures =
  | Iterable<Picture | string>
  | AsyncIterable<Picture | string>;

/**
 * Fits a bank of patches to pictures without faults: PatchCore.
 *
 * For each position of the first layer, the layers' features around it are one patch; the bank keeps
 * a coreset of them, chosen greedily on a random projection with a fixed seed. A picture that can't
 * be read doesn't stop the others: the bank's `failures` name it. The features of all pictures stay in
 * memory until the end, 0.6 MB a picture for ResNet-18; `fitPatchCoreToFile` keeps them on disk, and
 * can be resumed.
 *
 * @param model A model that reaches the layers. It stays the caller's.
 * @param pictures Decoded pictures, or paths or URLs. `.npy` files hold normalized batches.
 * @param options Layers, the size of the coreset, what is held out, and how pictures are read.
 * @returns The bank; dispose it.
 * @throws {RangeError} If a layer doesn't exist or comes after the model's last layer, an option is out
 *   of bounds, or the bank is too large.
 * @throws {TypeError} If a layer isn't a map, or the values of two pictures differ in shape.
 * @throws {Error} If no picture can be read.
 * @see Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022.
 *
 * @example Good pictures, and another
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { fitPatchCore } from "@layertap/resnet/anomaly";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * const good = ["examples/images/chelsea.png", "examples/images/coffee.png"];
 * using bank = await fitPatchCore(model, good, { layers: ["layer2", "layer3"], coreset: 0.1 });
 * assert.deepEqual(bank.shape, [156, 384]);
 * const { score } = await bank.score(await decodeImage("examples/images/rocket.jpg"));
 * assert(score > 0);
 * ```
 */
export async function fitPatchCore(
  model: ResNet,
  pictures: Pictures,
  options: FitPatchCoreOptions = {},
): Promise<PatchCore> {
  const settings = fitSettings(options);
  const { layers, coreset, holdOut, maxBytes } = settings;
  if (typeof pictures === "string") {
    throw new TypeError(
      expected("pictures", "a list", pictures, "put it in brackets"),
    );
  }
  const shape = patchShapeOf(model, layers);
  const checkRoom = (count: number) =>
    requireRoom(count - heldOutOf(count, holdOut), shape, coreset, maxBytes);
  if (Array.isArray(pictures)) checkRoom(pictures.length);
  const total = Array.isArray(pictures) ? pictures.length : undefined;
  const all: ShapedArray[][] = [];
  const failures: { path: string; error: Error }[] = [];
  using front = model.truncate(layers);
  let done = 0;
  for await (const batch of layersOf(front, pictures, layers, settings)) {
    for (const { path, values, error } of batch) {
      if (!values) {
        failures.push({ path, error: error! });
        continue;
      }
      const arrays = layers.map((layer) => copy(values[layer]));
      for (const [i, { shape }] of (all[0] ?? []).entries()) {
        requireSameShape(layers[i], shape, arrays[i].shape, path);
      }
      all.push(arrays);
    }
    checkRoom(all.length);
    done += batch.length;
    step(settings, { stage: "pictures", done, total });
  }
  if (all.length === 0) throw nothingRead(failures);
  const store = {
    count: all.length,
    read: (picture: number) => all[picture],
  };
  return await buildBank(model, store, settings, failures);
}

/** An array of its own: those of a batch share one. */
const copy = ({ data, shape }: ShapedArray) => ({ data: data.slice(), shape });

function nothingRead(failures: PatchCore["failures"]): Error {
  if (failures.length === 0) {
    return new RangeError("pictures: expected at least one, got none");
  }
  const [{ error }] = failures;
  if (failures.length === 1) return error;
  return new Error(
    `cannot read any of the ${failures.length} pictures; the first: ${error.message}`,
  );
}
