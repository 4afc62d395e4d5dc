/**
 * The module tree of torchvision's `ResNet` (0.14.1, `torchvision/models/resnet.py`), and of timm's
 * ResNet-D (1.0, `timm/models/resnet.py`) under timm's names.
 *
 * @module
 */

import type { Block, Conv2d, Module, ResNetRoot } from "./module.ts";
import type { ArchRow } from "./table.ts";

const none: ReadonlyMap<string, Module> = new Map();

const join = (path: string, key: string) => path ? `${path}.${key}` : key;

function conv(
  name: string,
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  { stride = 1, groups = 1, dilation = 1 } = {},
): Conv2d {
  return {
    type: "Conv2d",
    name,
    children: none,
    inChannels,
    outChannels,
    kernelSize,
    stride,
    padding: dilation * (kernelSize >> 1),
    dilation,
    groups,
  };
}

const norm = (name: string, numFeatures: number): Module => ({
  type: "BatchNorm2d",
  name,
  children: none,
  numFeatures,
});

/** Makes a module without settings. */
const plain =
  (type: "ReLU" | "Identity" | "Flatten" | "AdaptiveAvgPool2d") =>
  (name: string): Module => ({ type, name, children: none });

const relu = plain("ReLU"), identity = plain("Identity");

/** A child's key, and what makes it from its full path. */
type Maker = readonly [key: string, make: (name: string) => Module];

function childrenOf(
  path: string,
  makers: readonly Maker[],
): ReadonlyMap<string, Module> {
  return new Map(makers.map(([key, make]) => [key, make(join(path, key))]));
}

/** Makes a container that calls its children in turn. */
const sequential = (
  makers: readonly Maker[],
  type: "Sequential" | "SelectAdaptivePool2d" = "Sequential",
) =>
(name: string): Module => ({ type, name, children: childrenOf(name, makers) });

/** Whether modules have timm's names. */
const isTimms = ({ deepStem, avgDown }: ArchRow) => deepStem || avgDown;

/** Output channels of a block for each of its `planes`. */
export function expansionOf(block: ArchRow["block"]): number {
  return block === "Bottleneck" ? 4 : 1;
}

/** What differs between the blocks of a network. */
interface Place {
  readonly inplanes: number;
  readonly planes: number;
  readonly stride: number;
  readonly dilation: number;
  /** Whether the stage is dilated instead of halved, and this is its first block. */
  readonly dilates?: boolean;
}

function block(row: ArchRow, name: string, place: Place): Block {
  const { inplanes, planes, stride } = place;
  const outplanes = planes * expansionOf(row.block);
  const downsample: Maker[] = stride !== 1 || inplanes !== outplanes
    ? [["downsample", shortcut(row, place, outplanes)]]
    : [];
  const branch = row.block === "BasicBlock"
    ? basicBranch(row, place)
    : bottleneckBranch(row, place, outplanes);
  return {
    type: row.block,
    name,
    children: childrenOf(name, [...branch, ...downsample]),
  };
}

function shortcut(
  { avgDown }: ArchRow,
  { inplanes, stride, dilates }: Place,
  outplanes: number,
): Maker[1] {
  if (!avgDown) {
    return sequential([
      ["0", (n) => conv(n, inplanes, outplanes, 1, { stride })],
      ["1", (n) => norm(n, outplanes)],
    ]);
  }
  const pool = (name: string): Module => ({
    type: "AvgPool2d",
    name,
    children: none,
    kernelSize: 2,
    stride: dilates ? 1 : 2,
    countIncludePad: dilates === true,
  });
  return sequential([
    ["0", stride === 1 && !dilates ? identity : pool],
    ["1", (n) => conv(n, inplanes, outplanes, 1)],
    ["2", (n) => norm(n, outplanes)],
  ]);
}

// The branches register their modules in different orders, which named_modules() shows.

function basicBranch(row: ArchRow, { inplanes, planes, stride }: Place) {
  const conv1: Maker = [
    "conv1",
    (n) => conv(n, inplanes, planes, 3, { stride }),
  ];
  const bn1: Maker = ["bn1", (n) => norm(n, planes)];
  const rest: Maker[] = [
    ["conv2", (n) => conv(n, planes, planes, 3)],
    ["bn2", (n) => norm(n, planes)],
  ];
  const timms: Maker[] = [
    ["drop_block", identity],
    ["act1", relu],
    ["aa", identity],
    ...rest,
    ["act2", relu],
  ];
  const torchvisions: Maker[] = [["relu", relu], ...rest];
  return [conv1, bn1, ...isTimms(row) ? timms : torchvisions];
}

function bottleneckBranch(
  row: ArchRow,
  { inplanes, planes, stride, dilation }: Place,
  outplanes: number,
): Maker[] {
  const groups = row.groups ?? 1;
  const width = Math.floor(planes * (row.widthPerGroup ?? 64) / 64) * groups;
  const [stride1, stride2] = row.strideInConv1 ? [stride, 1] : [1, stride];
  const conv1: Maker[] = [
    ["conv1", (n) => conv(n, inplanes, width, 1, { stride: stride1 })],
    ["bn1", (n) => norm(n, width)],
  ];
  const options = { stride: stride2, groups, dilation };
  const conv2: Maker[] = [
    ["conv2", (n) => conv(n, width, width, 3, options)],
    ["bn2", (n) => norm(n, width)],
  ];
  const conv3: Maker[] = [
    ["conv3", (n) => conv(n, width, outplanes, 1)],
    ["bn3", (n) => norm(n, outplanes)],
  ];
  if (!isTimms(row)) return [...conv1, ...conv2, ...conv3, ["relu", relu]];
  return [
    ...conv1,
    ["act1", relu],
    ...conv2,
    ["drop_block", identity],
    ["act2", relu],
    ["aa", identity],
    ...conv3,
    ["act3", relu],
  ];
}

/** The stages, `layer1` to `layer4`; the first block of a stage changes size and width. */
function stages(row: ArchRow): Maker[] {
  const expansion = expansionOf(row.block);
  let dilation = 1;
  return row.layers.map((blocks, i) => {
    const planes = 64 << i;
    const dilate = i > 0 && row.replaceStrideWithDilation?.[i - 1];
    const first: Place = {
      inplanes: i === 0 ? 64 : planes / 2 * expansion,
      planes,
      stride: i === 0 || dilate ? 1 : 2,
      // As in torchvision, the first block has the dilation of the stage before.
      dilation,
      dilates: dilate || undefined,
    };
    if (dilate) dilation *= 2;
    const others: Place = {
      inplanes: planes * expansion,
      planes,
      stride: 1,
      dilation,
    };
    const makers = Array.from({ length: blocks }, (_, j): Maker => [
      `${j}`,
      (name) => block(row, name, j === 0 ? first : others),
    ]);
    return [`layer${i + 1}`, sequential(makers)];
  });
}

/** The first convolution: 7x7, or ResNet-D's three of 3x3. */
function stem({ inChannels = 3, deepStem }: ArchRow): Maker[1] {
  if (!deepStem) return (n) => conv(n, inChannels, 64, 7, { stride: 2 });
  return sequential([
    ["0", (n) => conv(n, inChannels, 32, 3, { stride: 2 })],
    ["1", (n) => norm(n, 32)],
    ["2", relu],
    ["3", (n) => conv(n, 32, 32, 3)],
    ["4", (n) => norm(n, 32)],
    ["5", relu],
    ["6", (n) => conv(n, 32, 64, 3)],
  ]);
}

/** Builds the module tree of a row; computes and loads nothing. */
export function buildResNet(row: ArchRow): ResNetRoot {
  const numClasses = row.numClasses ?? 1000;
  const head: Maker[] = numClasses === 0 ? [] : [[
    "fc",
    (name) => ({
      type: "Linear",
      name,
      children: none,
      inFeatures: 512 * expansionOf(row.block),
      outFeatures: numClasses,
    }),
  ]];
  const pool = plain("AdaptiveAvgPool2d");
  const timmsPool = sequential(
    [["pool", pool], ["flatten", plain("Flatten")]],
    "SelectAdaptivePool2d",
  );
  return {
    type: "ResNet",
    name: "",
    children: childrenOf("", [
      ["conv1", stem(row)],
      ["bn1", (name) => norm(name, 64)],
      [isTimms(row) ? "act1" : "relu", relu],
      ["maxpool", (name) => ({
        type: "MaxPool2d",
        name,
        children: none,
        kernelSize: 3,
        stride: 2,
        padding: 1,
      })],
      ...stages(row),
      isTimms(row) ? ["global_pool", timmsPool] : ["avgpool", pool],
      ...head,
    ]),
  };
}
