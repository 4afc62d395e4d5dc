/**
 * Representations compared: what two layers, of one network or of two, make of the same pictures.
 *
 * {@linkcode cka} and {@linkcode rdm} with {@linkcode correlateRdms} compare two layers;
 * {@linkcode compareLayers} all layers of two networks, and {@linkcode drawComparison} draws the
 * table. {@linkcode readLayers} and {@linkcode joinLayers} take the features from the files that
 * `extract` writes.
 *
 * @example Are two representations alike?
 * ```ts
 * import { cka, correlateRdms, rdm } from "@layertap/resnet/compare";
 * import assert from "node:assert/strict";
 *
 * const x = { data: [1, 0, 2, 5, 3, 1, 0, 7, 4, 4], shape: [5, 2] };
 * const y = { data: [1, 3, 8, 2, 9], shape: [5, 1] };
 * const similarity = correlateRdms(await rdm(x, "euclidean"), await rdm(y, "euclidean"));
 * assert(similarity < 0.5 && await cka(x, y) < 0.5);
 * ```
 *
 * @module
 */

export { cka, type CkaOptions } from "./cka.ts";
export { type Dissimilarity, type Rdm, rdm } from "./rdm.ts";
export { correlateRdms, type Correlation } from "./correlate_rdms.ts";
export {
  compareLayers,
  type CompareOptions,
  type NamedFeatures,
} from "./compare_layers.ts";
export type { FeatureArray, Features } from "./features.ts";
export { joinLayers, type LayerFile, readLayers } from "./layer_files.ts";
export {
  type Comparison,
  type ComparisonStyle,
  drawComparison,
} from "../drawing/draw_comparison.ts";
export type { ColorMapName, ValueRange } from "../drawing/color_map.ts";
export type { FileSource } from "../runtime/open_source.ts";
export type { RgbImage } from "../image/rgb_image.ts";
