/**
 * The networks: one row each, in the words of torchvision's constructor calls.
 *
 * @module
 */

/** What tells one ResNet from another: the arguments of torchvision's `ResNet(...)`. */
export interface ArchRow {
  /** Name used in messages and files, e.g. `"resnet50"`. */
  readonly name: string;
  /** The residual block. `Bottleneck` widens its output fourfold. */
  readonly block: "BasicBlock" | "Bottleneck";
  /** Blocks in `layer1` … `layer4`. */
  readonly layers: readonly [number, number, number, number];
  /** Groups of the 3x3 convolutions (ResNeXt). Default 1. */
  readonly groups?: number;
  /** Channels of a group at `layer1` (wide and ResNeXt networks). Default 64. */
  readonly widthPerGroup?: number;
  /** Outputs of `fc`; with 0 the network has no head and ends with `flatten`. Default 1000. */
  readonly numClasses?: number;
  /**
   * For `layer2` … `layer4`: whether they dilate their filters and keep their input's size, where
   * they would halve it. Only with `Bottleneck`. Default: none does.
   */
  readonly replaceStrideWithDilation?: readonly [boolean, boolean, boolean];
  /** Channels of the input. Default 3. */
  readonly inChannels?: number;
  /** Where the network comes from, if it isn't one of torchvision's. */
  readonly origin?: string;
}

/** An architecture name of torchvision 0.14's `models/resnet.py`. */
export type TorchvisionArch =
  | "resnet18"
  | "resnet34"
  | "resnet50"
  | "resnet101"
  | "resnet152"
  | "resnext50_32x4d"
  | "resnext101_32x8d"
  | "resnext101_64x4d"
  | "wide_resnet50_2"
  | "wide_resnet101_2";

/** Every name that `createModel` knows; `mlnet_resnet18` is the network that ships. */
export type ArchName = TorchvisionArch | "mlnet_resnet18";

const rows: readonly (ArchRow & { name: ArchName })[] = [
  { name: "resnet18", block: "BasicBlock", layers: [2, 2, 2, 2] },
  { name: "resnet34", block: "BasicBlock", layers: [3, 4, 6, 3] },
  { name: "resnet50", block: "Bottleneck", layers: [3, 4, 6, 3] },
  { name: "resnet101", block: "Bottleneck", layers: [3, 4, 23, 3] },
  { name: "resnet152", block: "Bottleneck", layers: [3, 8, 36, 3] },
  {
    name: "resnext50_32x4d",
    block: "Bottleneck",
    layers: [3, 4, 6, 3],
    groups: 32,
    widthPerGroup: 4,
  },
  {
    name: "resnext101_32x8d",
    block: "Bottleneck",
    layers: [3, 4, 23, 3],
    groups: 32,
    widthPerGroup: 8,
  },
  {
    name: "resnext101_64x4d",
    block: "Bottleneck",
    layers: [3, 4, 23, 3],
    groups: 64,
    widthPerGroup: 4,
  },
  {
    name: "wide_resnet50_2",
    block: "Bottleneck",
    layers: [3, 4, 6, 3],
    widthPerGroup: 128,
  },
  {
    name: "wide_resnet101_2",
    block: "Bottleneck",
    layers: [3, 4, 23, 3],
    widthPerGroup: 128,
  },
  // Three blocks in layer4, and no head: see weights/README.md.
  {
    name: "mlnet_resnet18",
    block: "BasicBlock",
    layers: [2, 2, 2, 3],
    numClasses: 0,
    origin: "ML.NET",
  },
];

/** The rows by name: torchvision's ten in its order, then the network that ships. */
export const archTable: ReadonlyMap<string, ArchRow> = new Map(
  rows.map((row) => [row.name, row]),
);

/** The same network with its number of classes left open, for weights to say it. */
export function withoutClasses(row: ArchRow): ArchRow {
  const { numClasses: _, ...rest } = row;
  return rest;
}
