/**
 * The networks: one row each, with the arguments of torchvision's constructor.
 *
 * @module
 */

/** What differs between ResNets: the arguments of torchvision's `ResNet(...)`. */
export interface ArchRow {
  /** Name used in messages and files, e.g. `"resnet50"`. */
  readonly name: string;
  /** The residual block. A `Bottleneck` has four times as many output channels. */
  readonly block: "BasicBlock" | "Bottleneck";
  /** Blocks in `layer1` … `layer4`. */
  readonly layers: readonly [number, number, number, number];
  /** Groups of the 3x3 convolutions (ResNeXt). Default 1. */
  readonly groups?: number;
  /** Channels of a group in `layer1` (wide and ResNeXt networks). Default 64. */
  readonly widthPerGroup?: number;
  /** Outputs of `fc`; with 0 the network has no head and ends with `flatten`. Default 1000. */
  readonly numClasses?: number;
  /**
   * For `layer2` … `layer4`: whether to dilate filters instead of halving the size. Only with
   * `Bottleneck`. Default: all false.
   */
  readonly replaceStrideWithDilation?: readonly [boolean, boolean, boolean];
  /**
   * Whether the stride of a `Bottleneck` is in its first convolution, as in Caffe's networks, and not
   * in the 3x3 one. Default false.
   */
  readonly strideInConv1?: boolean;
  /**
   * ResNet-D's stem: three 3x3 convolutions instead of one of 7x7. With this or `avgDown`, modules
   * and nodes have timm's names. Default false.
   */
  readonly deepStem?: boolean;
  /** ResNet-D's shortcut: an average pool before its convolution, which has no stride. Default false. */
  readonly avgDown?: boolean;
  /** Channels of the input. Default 3. */
  readonly inChannels?: number;
  /** Added to the variances of batch norms. Default 1e-5; torchvision's COCO_V1 detectors have 0. */
  readonly normEps?: number;
  /** Where the network comes from, if not from torchvision. */
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

/** An architecture name of timm 1.0's `models/resnet.py`: ResNet-D, with timm's names of modules. */
export type TimmArch =
  | "resnet18d"
  | "resnet34d"
  | "resnet50d"
  | "resnet101d"
  | "resnet152d";

/** All names of {@linkcode archTable}; `mlnet_resnet18` ships with the package. */
export type ArchName = TorchvisionArch | TimmArch | "mlnet_resnet18";

/** He et al., "Bag of Tricks for Image Classification with Convolutional Neural Networks", 2018. */
const resnetD = { deepStem: true, avgDown: true, origin: "timm" } as const;

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
  {
    name: "resnet18d",
    block: "BasicBlock",
    layers: [2, 2, 2, 2],
    ...resnetD,
  },
  {
    name: "resnet34d",
    block: "BasicBlock",
    layers: [3, 4, 6, 3],
    ...resnetD,
  },
  {
    name: "resnet50d",
    block: "Bottleneck",
    layers: [3, 4, 6, 3],
    ...resnetD,
  },
  {
    name: "resnet101d",
    block: "Bottleneck",
    layers: [3, 4, 23, 3],
    ...resnetD,
  },
  {
    name: "resnet152d",
    block: "Bottleneck",
    layers: [3, 8, 36, 3],
    ...resnetD,
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

/** The networks by name: torchvision's ten, timm's ResNet-D, then the one that ships with the package. */
export const archTable: ReadonlyMap<string, ArchRow> = new Map(
  rows.map((row) => [row.name, row]),
);

/** The same network with any number of classes; the weights decide. */
export function withoutClasses(row: ArchRow): ArchRow {
  const { numClasses: _, ...rest } = row;
  return rest;
}
