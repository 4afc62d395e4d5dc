/**
 * The official weights: every entry of torchvision's ResNet weights enums.
 *
 * Sources: torchvision 0.14.1, `torchvision/models/resnet.py` (BSD-3-Clause), file sizes of 0.22;
 * `model_urls` of torchvision 0.2 to 0.12; timm 1.0, `timm/models/resnet.py`, for the copies at
 * Hugging Face.
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
  /** Whether torchvision's `DEFAULT` means it: the best of its architecture. */
  readonly isDefault: boolean;
  /** Where it is published. */
  readonly url: string;
  /** The first eight hex digits of the file's SHA-256. */
  readonly sha256Prefix: string;
  /** Length of the file in MiB. */
  readonly fileSize: number;
  /** An older file of the same weights, if any: the one of {@linkcode modelUrls}. */
  readonly legacyUrl?: string;
  /** timm's copy of the same weights as safetensors, for which no hash is published. */
  readonly mirrorUrl: string;
  /** Number of parameters, buffers not counted. */
  readonly numParams: number;
  /** Published top-1 accuracy on ImageNet's validation set, in percent. */
  readonly acc1: number;
  /** Published top-5 accuracy, in percent. */
  readonly acc5: number;
  /** URL of the training recipe. */
  readonly recipe: string;
  /** Terms of use. */
  readonly license: string;
  /** The transform that goes with it. */
  readonly preset: Preset;
}

/** A row: arch, version, hash prefix, file size, parameters, acc1, acc5, resize, recipe. */
type Row = readonly [
  arch: TorchvisionArch,
  version: "V1" | "V2",
  sha256Prefix: string,
  fileSize: number,
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
  ["resnet18", "V1", "f37072fd", 44.661, 11689512, 69.758, 89.078, 256, RESNET],
  ["resnet34", "V1", "b627a593", 83.275, 21797672, 73.314, 91.42, 256, RESNET],
  ["resnet50", "V1", "0676ba61", 97.781, 25557032, 76.13, 92.862, 256, RESNET],
  ["resnet50", "V2", "11ad3fa6", 97.79, 25557032, 80.858, 95.434, 232, NEW_RESNET50],
  ["resnet101", "V1", "63fe2227", 170.511, 44549160, 77.374, 93.546, 256, RESNET],
  ["resnet101", "V2", "cd907fc2", 170.53, 44549160, 81.886, 95.78, 232, NEW],
  ["resnet152", "V1", "394f9c45", 230.434, 60192808, 78.312, 94.046, 256, RESNET],
  ["resnet152", "V2", "f82ba261", 230.474, 60192808, 82.284, 96.002, 232, NEW],
  ["resnext50_32x4d", "V1", "7cdf4587", 95.789, 25028904, 77.618, 93.698, 256, RESNEXT],
  ["resnext50_32x4d", "V2", "1a0047aa", 95.833, 25028904, 81.198, 95.34, 232, NEW],
  ["resnext101_32x8d", "V1", "8ba56ff5", 339.586, 88791336, 79.312, 94.526, 256, RESNEXT],
  ["resnext101_32x8d", "V2", "110c445d", 339.673, 88791336, 82.834, 96.228, 232, NEW_FIXRES],
  ["resnext101_64x4d", "V1", "173b62eb", 319.318, 83455272, 83.246, 96.454, 232, RESNEXT_64],
  ["wide_resnet50_2", "V1", "95faca4d", 131.82, 68883240, 78.468, 94.086, 256, WIDE],
  ["wide_resnet50_2", "V2", "9ba9bcbe", 263.124, 68883240, 81.602, 95.758, 232, NEW_FIXRES],
  ["wide_resnet101_2", "V1", "32ee1156", 242.896, 126886696, 78.848, 94.284, 256, WIDE],
  ["wide_resnet101_2", "V2", "d733dc28", 484.747, 126886696, 82.51, 96.02, 232, NEW],
];

const HOST = "https://download.pytorch.org/models";
const MIRROR = "https://huggingface.co/timm";

/** Older files with the same weights as the table's. */
const legacyFiles: Readonly<Partial<Record<TorchvisionArch, string>>> = {
  resnet18: "resnet18-5c106cde.pth",
  resnet34: "resnet34-333f7ec4.pth",
  resnet50: "resnet50-19c8e357.pth",
  resnet101: "resnet101-5d3b4d8f.pth",
  resnet152: "resnet152-b121ed2d.pth",
};

/** All entries, in torchvision's order; an architecture's last entry is its default. */
export const weightsTable: readonly WeightsEntry[] = rows.map((row, i) => {
  const [arch, version, sha256Prefix, fileSize, numParams, acc1, acc5] = row;
  const [resizeSize, recipe] = row.slice(-2) as [number, string];
  const legacyFile = version === "V1" ? legacyFiles[arch] : undefined;
  const tag = version === "V1" ? "tv_in1k" : "tv2_in1k";
  return {
    arch,
    name: `IMAGENET1K_${version}`,
    isDefault: rows[i + 1]?.[0] !== arch,
    url: `${HOST}/${arch}-${sha256Prefix}.pth`,
    sha256Prefix,
    fileSize,
    legacyUrl: legacyFile && `${HOST}/${legacyFile}`,
    mirrorUrl: `${MIRROR}/${arch}.${tag}/resolve/main/model.safetensors`,
    numParams,
    acc1,
    acc5,
    recipe: `https://github.com/pytorch/vision/${recipe}`,
    license:
      "published with torchvision (BSD-3-Clause), without a license of its own; trained on ImageNet, whose terms may bear on its use",
    preset: { ...imagenetPreset, resizeSize },
  };
});

/**
 * torchvision's old `model_urls`: the URL of each architecture's first weights.
 *
 * For weights published again as `IMAGENET1K_V1` it is the older file.
 */
export const modelUrls: Readonly<Record<string, string>> = Object.fromEntries(
  weightsTable
    // Younger than `model_urls`.
    .filter(({ arch, name }) =>
      name === "IMAGENET1K_V1" && arch !== "resnext101_64x4d"
    )
    .map(({ arch, url, legacyUrl = url }) => [arch, legacyUrl]),
);

/** The start of a file's SHA-256, which is in the file's name as in torch's hub. */
export function sha256PrefixOf(url: string): string | undefined {
  return /-([0-9a-f]{8,})\.\w+$/.exec(url)?.[1];
}
