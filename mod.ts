/**
 * The features of any layer of any torchvision ResNet, wherever JavaScript runs.
 *
 * `createModel(arch, outputLayer, pretrained)` makes a network, whole or up to a layer; `forward`
 * gives its output, `extract` any nodes in one pass, and forward hooks see every module on the way
 * to the prediction. Numbers agree with PyTorch's. Tensors are tfjs-core's, NHWC.
 *
 * @example The feature maps of a picture
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "layer4", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * const maps = model.forward(input);
 * assert.deepEqual(maps.shape, [1, 7, 7, 512]);
 * ```
 *
 * @module
 */

export type {
  Tensor,
  Tensor2D,
  Tensor3D,
  Tensor4D,
} from "@tensorflow/tfjs-core";

export {
  type BackendInfo,
  type BackendOptions,
  type Build,
  startBackend,
} from "./src/backend/start.ts";
export {
  type ConstructorOptions,
  createModel,
  type ModelOptions,
} from "./src/model/create_model.ts";
export { ResNet } from "./src/model/model.ts";
export type { Network } from "./src/model/network.ts";
export {
  type Classification,
  classify,
  type ClassifyOptions,
} from "./src/classify.ts";
export {
  type ConvertOptions,
  convertWeights,
  type NetworkOptions,
} from "./src/convert.ts";
export { type LayerLoss, measureLoss } from "./src/measure_loss.ts";
export type { SaveOptions } from "./src/model/save.ts";
export {
  type CachedWeights,
  type CacheOptions,
  clearCachedWeights,
  listCachedWeights,
} from "./src/cached_weights.ts";
export { embed } from "./src/model/embed.ts";
export { runWorker, type WorkerOptions } from "./src/worker.ts";
export { extractFiles, type ExtractFilesOptions } from "./src/extract_files.ts";
export {
  type ExtractReport,
  extractToFile,
  type ExtractToFileOptions,
} from "./src/extract_to_file.ts";
export {
  createFeatureExtractor,
  type FeatureExtractor,
  type FeatureInfo,
  featureInfo,
  type FeatureNodes,
} from "./src/feature_extractor.ts";
export {
  featureMapGrid,
  type FeatureMapGridOptions,
  type GridLayoutOptions,
  type MapChoice,
} from "./src/maps/feature_map_grid.ts";
export { classActivationMap } from "./src/maps/class_activation_map.ts";
export { gradCam } from "./src/maps/grad_cam.ts";
export { outputGradient } from "./src/maps/gradient.ts";
export { occlusionMap, type OcclusionOptions } from "./src/maps/occlusion.ts";
export { overlayMap, type OverlayOptions } from "./src/maps/overlay.ts";
export { report, type ReportOptions } from "./src/report.ts";
export { similarityMap } from "./src/maps/similarity_map.ts";
export {
  fitLinear,
  type FitLinearOptions,
  LinearFit,
} from "./src/fit/fit_linear.ts";
export type {
  ForwardHook,
  ForwardPreHook,
  HookHandle,
} from "./src/model/hooks.ts";
export type { LinearWeights } from "./src/model/head.ts";
export { fromNCHW, toNCHW } from "./src/model/layout.ts";
export { preprocess, unprocess } from "./src/model/preprocess.ts";
export { readVectors } from "./src/vectors/read_vectors.ts";
export {
  similar,
  type SimilarPicture,
  type VectorRow,
} from "./src/vectors/similar.ts";
export {
  type Summary,
  summary,
  type SummaryOptions,
  type SummaryRow,
} from "./src/summary/summary.ts";

export type {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Block,
  Conv2d,
  Linear,
  MaxPool2d,
  Module,
  ModuleBase,
  ReLU,
  ResNetRoot,
  Sequential,
} from "./src/arch/module.ts";
export type { Call, Node, Trace } from "./src/graph/trace.ts";
export {
  imagenetPreset,
  type Preset,
  presetFromTimm,
  type TimmConfig,
} from "./src/arch/preset.ts";
export {
  type ArchName,
  type ArchRow,
  archTable,
  type TorchvisionArch,
} from "./src/arch/table.ts";

export { decodeImage, type DecodeOptions } from "./src/image/decode.ts";
export { encodePng } from "./src/image/encode_png.ts";
export {
  type Image,
  type ImageDataLike,
  type Picture,
  toRgb,
} from "./src/image/image.ts";
export type { DecoderModules } from "./src/image/load_decoder.ts";
export { type ShapedArray } from "./src/output/layout.ts";
export {
  type FeatureColumn,
  type FeatureRow,
  type FeatureTable,
  featureTable,
  type FeatureType,
  type FileFeatures,
} from "./src/output/feature_table.ts";
export { jsonlStream, type JsonValues } from "./src/output/jsonl.ts";
export { npyStream } from "./src/output/npy.ts";
export { npzStream } from "./src/output/npz.ts";
export { parquetStream } from "./src/output/parquet.ts";
export { safetensorsStream } from "./src/output/safetensors.ts";
export type { ColorMapName } from "./src/output/color_map.ts";
export type { FormatOptions } from "./src/output/formats.ts";
export type { FileSource } from "./src/formats/open_source.ts";
export {
  denormalize,
  normalize,
  resizeAndCrop,
} from "./src/image/transform.ts";

export type {
  Checkpoint,
  CheckpointMetadata,
  TensorInfo,
  TensorRows,
} from "./src/weights/checkpoint.ts";
export type {
  FetchOptions,
  FetchProgress,
} from "./src/weights/fetch/options.ts";
export type { PackedDType } from "./src/weights/pack.ts";
export { guessArch } from "./src/weights/guess_arch.ts";
export { openCheckpoint } from "./src/weights/open.ts";
export { readStateDict, type StateDictTensor } from "./src/read_state_dict.ts";
export type { Pretrained } from "./src/weights/resolve.ts";
export {
  modelUrls,
  type WeightsEntry,
  weightsTable,
} from "./src/weights/table.ts";
