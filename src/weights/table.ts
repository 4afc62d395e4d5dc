/**
 * The official weights: every entry of torchvision's ResNet weights enums.
 *
 * Source: torchvision 0.14.1, `torchvision/models/resnet.py` (BSD-3-Clause). The files carry no
 * licence of their own; they were trained on ImageNet, whose terms may bear on their use.
 *
 * @module
 */

import { imagenetPreset, type Preset } from "../arch/preset.ts";
import type { TorchvisionArch } from "../arch/table.ts";

/** One published file of weights. */
export interface WeightsEntry {
  /** The architecture it belongs to. */
  readonly arch: TorchvisionArch;
  /** Its name in torchvision's enum, e.g. `"IMAGENET1K_V1"`. */
  readonly name: string;
  /** Whether torchvision's `DEFAULT` stands for it: the best of its architecture. */
  readonly isDefault: boolean;
  /** Where it is published. */
  readonly url: string;
  /** The first eight hex digits of the file's SHA-256. */
  readonly sha256Prefix: string;
  /** Number of parameters, buffers not counted. */
  readonly numParams: number;
  /** Published accuracy on ImageNet's validation set, in percent: the first guess is right. */
  readonly acc1: number;
  /** The same: one of the first five is right. */
  readonly acc5: number;
  /** Where the training recipe is described. */
  readonly recipe: string;
  /** The transform that goes with it. */
  readonly preset: Preset;
}

/** A row: arch, version, hash prefix, parameters, acc1, acc5, resize, recipe. */
type Row = readonly [
  arch: TorchvisionArch,
  version: "V1" | "V2",
  sha256Prefix: string,
  numParams: number,
  acc1: number,
  acc5: number,
  resizeSize: number,
  recipe: string,
];

const RESNET = "tree/main/references/classification#resnet";
const RESNEXT = "tree/main/references/classification#resnext";
const RESNEXT_64 = "pull/5935";
const WIDE = "pull/912#issue-445437439";
const NEW = "issues/3995#new-recipe";
const NEW_FIXRES = "issues/3995#new-recipe-with-fixres";
const NEW_RESNET50 = "issues/3995#issuecomment-1013906621";

// deno-fmt-ignore
const rows: readonly Row[] = [
  ["resnet18", "V1", "f37072fd", 11689512, 69.758, 89.078, 256, RESNET],
  ["resnet34", "V1", "b627a593", 21797672, 73.314, 91.42, 256, RESNET],
  ["resnet50", "V1", "0676ba61", 25557032, 76.13, 92.862, 256, RESNET],
  ["resnet50", "V2", "11ad3fa6", 25557032, 80.858, 95.434, 232, NEW_RESNET50],
  ["resnet101", "V1", "63fe2227", 44549160, 77.374, 93.546, 256, RESNET],
  ["resnet101", "V2", "cd907fc2", 44549160, 81.886, 95.78, 232, NEW],
  ["resnet152", "V1", "394f9c45", 60192808, 78.312, 94.046, 256, RESNET],
  ["resnet152", "V2", "f82ba261", 60192808, 82.284, 96.002, 232, NEW],
  ["resnext50_32x4d", "V1", "7cdf4587", 25028904, 77.618, 93.698, 256, RESNEXT],
  ["resnext50_32x4d", "V2", "1a0047aa", 25028904, 81.198, 95.34, 232, NEW],
  ["resnext101_32x8d", "V1", "8ba56ff5", 88791336, 79.312, 94.526, 256, RESNEXT],
  ["resnext101_32x8d", "V2", "110c445d", 88791336, 82.834, 96.228, 232, NEW_FIXRES],
  ["resnext101_64x4d", "V1", "173b62eb", 83455272, 83.246, 96.454, 232, RESNEXT_64],
  ["wide_resnet50_2", "V1", "95faca4d", 68883240, 78.468, 94.086, 256, WIDE],
  ["wide_resnet50_2", "V2", "9ba9bcbe", 68883240, 81.602, 95.758, 232, NEW_FIXRES],
  ["wide_resnet101_2", "V1", "32ee1156", 126886696, 78.848, 94.284, 256, WIDE],
  ["wide_resnet101_2", "V2", "d733dc28", 126886696, 82.51, 96.02, 232, NEW],
];

/** All entries, in torchvision's order; of one architecture the last is its default. */
export const weightsTable: readonly WeightsEntry[] = rows.map((row, i) => {
  const [arch, version, sha256Prefix, numParams, acc1, acc5, resize, recipe] =
    row;
  return {
    arch,
    name: `IMAGENET1K_${version}`,
    isDefault: rows[i + 1]?.[0] !== arch,
    url: `https://download.pytorch.org/models/${arch}-${sha256Prefix}.pth`,
    sha256Prefix,
    numParams,
    acc1,
    acc5,
    recipe: `https://github.com/pytorch/vision/${recipe}`,
    preset: { ...imagenetPreset, resizeSize: resize },
  };
});
