/**
 * Features of any layer of any torchvision ResNet, wherever JavaScript runs.
 *
 * {@linkcode createModel} loads a network, whole or up to a layer. `forward` computes its output,
 * `extract` any of its nodes in one pass, and forward hooks see every module on the way. Numbers
 * agree with PyTorch's. Tensors are tfjs-core's, NHWC.
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
  startBackend,
} from "./src/backend/start.ts";
export type {
  BackendModules,
  Build,
  KernelModules,
} from "./src/runtime/given_modules.ts";

export { backendInfo, type RunningBackend } from "./src/model/start_kernels.ts";
export { createModel } from "./src/model/create_model.ts";
export type { ConstructorOptions, ModelOptions } from "./src/model/options.ts";
export { ResNet } from "./src/model/model.ts";
export type { RunningNetwork } from "./src/model/running_network.ts";
export type { OutputOf } from "./src/model/output_of.ts";
export type { Network, NodeInfo } from "./src/model/network.ts";
export type { SaveOptions } from "./src/model/save.ts";
export type { LinearWeights } from "./src/model/head.ts";
export type {
  ForwardHook,
  ForwardPreHook,
  HookHandle,
} from "./src/model/hooks.ts";
export {
  type Classification,
  classify,
  type ClassifyOptions,
} from "./src/model/classify.ts";
export { embed } from "./src/model/embed.ts";
export {
  createFeatureExtractor,
  type FeatureExtractor,
  type FeatureInfo,
  featureInfo,
  type FeatureNodes,
} from "./src/model/feature_extractor.ts";
export { type LayerLoss, measureLoss } from "./src/model/measure_loss.ts";
export { fromNCHW, toNCHW } from "./src/model/layout.ts";
export { preprocess, unprocess } from "./src/model/preprocess.ts";
export { summary } from "./src/model/summary.ts";
export type {
  Summary,
  SummaryOptions,
  SummaryRow,
} from "./src/summary/summary.ts";

export type {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm2d,
  Block,
  Conv2d,
  Flatten,
  Identity,
  Linear,
  MaxPool2d,
  Module,
  ModuleBase,
  ReLU,
  ResNetRoot,
  Sequential,
} from "./src/arch/module.ts";
export { imagenetPreset, type Preset } from "./src/arch/preset.ts";
export { presetFromTimm, type TimmConfig } from "./src/arch/timm_preset.ts";
export type { Layer, LayerName } from "./src/arch/layer_name.ts";
export type { ScaledRows } from "./src/arch/folded_conv.ts";
export type { WeightsDType } from "./src/arch/weights_dtype.ts";
export {
  type ArchName,
  type ArchRow,
  archTable,
  type TimmArch,
  type TorchvisionArch,
} from "./src/arch/table.ts";

export { decodeImage, type DecodeOptions } from "./src/image/decode.ts";
export type { PreprocessOptions } from "./src/image/crops.ts";
export type { Drawable } from "./src/image/drawable.ts";
export type { Region } from "./src/image/region.ts";
export type { TensorPicture } from "./src/image/tensor_picture.ts";
export { jpegDecoder } from "./src/image/jpeg.ts";
export { encodePng } from "./src/image/encode_png.ts";
export {
  type ImageDataLike,
  type Picture,
  type RgbImage,
  toRgb,
} from "./src/image/rgb_image.ts";
export type { DecoderModules } from "./src/image/load_decoder.ts";
export type { FileSource } from "./src/runtime/open_source.ts";

export type {
  Checkpoint,
  CheckpointMetadata,
  StoredTensor,
} from "./src/weights/checkpoint.ts";
export type {
  FetchOptions,
  FetchProgress,
  WeightsBase,
} from "./src/weights/fetch/options.ts";
export type { NetworkOptions } from "./src/weights/open_network.ts";
export type { Pretrained } from "./src/weights/resolve.ts";
