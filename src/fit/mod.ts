/**
 * Transfer learning: a linear head, fitted to features and labels.
 *
 * @example A classifier from two pictures
 * ```ts
 * import { classify, createModel, decodeImage, embed } from "@layertap/resnet";
 * import { fitLinear } from "@layertap/resnet/fit";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const cat = await decodeImage("examples/images/chelsea.png");
 * const rocket = await decodeImage("examples/images/rocket.jpg");
 * const head = await fitLinear(embed(model, [cat, rocket]), [0, 1]);
 * using classifier = model.withHead({ ...head, labels: ["cat", "rocket"] });
 * const [{ label }] = await classify(classifier, cat);
 * assert.equal(label, "cat");
 * ```
 *
 * @module
 */

export { fitLinear, type FitLinearOptions } from "./fit_linear.ts";
export { LinearFit } from "./linear_fit.ts";
export {
  type ClassDistance,
  NearestMean,
  type NearestMeanOptions,
} from "./nearest_mean.ts";
export {
  type ClassVotes,
  KNearest,
  type KNearestOptions,
} from "./k_nearest.ts";
export { type Head, loadHead } from "./load_head.ts";
export { SavedHead } from "./head_file.ts";
export type { Metric } from "./vectors.ts";
export { fitPca, type FitPcaOptions } from "./fit_pca.ts";
export { Pca, type PcaParts } from "./pca.ts";
export { pool } from "../model/pooling.ts";
export type { Pooling } from "../arch/pooling.ts";
export type { Json } from "../formats/json.ts";
export type { FileSource } from "../runtime/open_source.ts";
