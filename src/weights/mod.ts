/**
 * Checkpoints: open them, read their tensors, convert them to packed weights, manage the cache; and
 * the table of torchvision's weights.
 *
 * @example The first two layers, for the edge
 * ```ts
 * import { convertWeights } from "@layertap/resnet/weights";
 * import assert from "node:assert/strict";
 *
 * const packed = await convertWeights("weights/mlnet_resnet18.npz", {
 *   dtype: "float16",
 *   outputLayer: "layer2",
 * });
 * assert(packed.length < 2_000_000);
 * ```
 *
 * @module
 */

export {
  type CachedWeights,
  type CacheOptions,
  clearCachedWeights,
  listCachedWeights,
} from "./cached_weights.ts";
export type {
  Checkpoint,
  CheckpointMetadata,
  StoredTensor,
} from "./checkpoint.ts";
export { type ConvertOptions, convertWeights } from "./convert.ts";
export type {
  FetchOptions,
  FetchProgress,
  WeightsBase,
} from "./fetch/options.ts";
export { guessArch } from "./guess_arch.ts";
export { type CheckpointOptions, openCheckpoint } from "./open.ts";
export type { NetworkOptions } from "./open_network.ts";
export type { ScaledRows } from "../arch/folded_conv.ts";
export type { WeightsDType } from "../arch/weights_dtype.ts";
export { readStateDict, type StateDictTensor } from "./read_state_dict.ts";
export type { Pretrained } from "./resolve.ts";
export { modelUrls, type WeightsEntry, weightsTable } from "./table.ts";
export type { FileSource } from "../runtime/open_source.ts";
