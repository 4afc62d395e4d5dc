/**
 * The module tree of torchvision's `ResNet` (0.14.1, `torchvision/models/resnet.py`).
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

const relu = (name: string): Module => ({ type: "ReLU", name, children: none });

/** Makes children from `[key, maker]` pairs; a maker gets the full path. */
function childrenOf(
  path: string,
  makers: readonly (readonly [string, (name: string) => Module])[],
): ReadonlyMap<string, Module> {
  return new Map(makers.map(([key, make]) => [key, make(join(path, key))]));
}

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
}

function block(
  row: ArchRow,
  name: string,
  { inplanes, planes, stride, dilation }: Place,
): Block {
  const outplanes = planes * expansionOf(row.block);
  const groups = row.groups ?? 1;
  const width = Math.floor(planes * (row.widthPerGroup ?? 64) / 64) * groups;
  const downsample = stride !== 1 || inplanes !== outplanes
    ? [
      ["downsample", (name: string): Module => ({
        type: "Sequential",
        name,
        children: childrenOf(name, [
          ["0", (n) => conv(n, inplanes, outplanes, 1, { stride })],
          ["1", (n) => norm(n, outplanes)],
        ]),
      })] as const,
    ]
    : [];
  // The two register their modules in different orders, which named_modules() shows.
  const branch = row.block === "BasicBlock"
    ? [
      ["conv1", (n: string) => conv(n, inplanes, planes, 3, { stride })],
      ["bn1", (n: string) => norm(n, planes)],
      ["relu", relu],
      ["conv2", (n: string) => conv(n, planes, planes, 3)],
      ["bn2", (n: string) => norm(n, planes)],
    ] as const
    : [
      ["conv1", (n: string) => conv(n, inplanes, width, 1)],
      ["bn1", (n: string) => norm(n, width)],
      [
        "conv2",
        (n: string) => conv(n, width, width, 3, { stride, groups, dilation }),
      ],
      ["bn2", (n: string) => norm(n, width)],
      ["conv3", (n: string) => conv(n, width, outplanes, 1)],
      ["bn3", (n: string) => norm(n, outplanes)],
      ["relu", relu],
    ] as const;
  return {
    type: row.block,
    name,
    children: childrenOf(name, [...branch, ...downsample]),
  };
}

/** The stages, `layer1` to `layer4`; the first block of a stage changes size and width. */
function stages(row: ArchRow): [string, (name: string) => Module][] {
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
    };
    if (dilate) dilation *= 2;
    const others: Place = {
      inplanes: planes * expansion,
      planes,
      stride: 1,
      dilation,
    };
    return [`layer${i + 1}`, (name) => ({
      type: "Sequential",
      name,
      children: childrenOf(
        name,
        Array.from(
          { length: blocks },
          (_, j) => [`${j}`, (n) => block(row, n, j === 0 ? first : others)],
        ),
      ),
    })];
  });
}

/** Builds the module tree of a row; computes and loads nothing. */
export function buildResNet(row: ArchRow): ResNetRoot {
  const expansion = expansionOf(row.block);
  const numClasses = row.numClasses ?? 1000;
  const head: [string, (name: string) => Module][] = numClasses === 0 ? [] : [[
    "fc",
    (name) => ({
      type: "Linear",
      name,
      children: none,
      inFeatures: 512 * expansion,
      outFeatures: numClasses,
    }),
  ]];
  return {
    type: "ResNet",
    name: "",
    children: childrenOf("", [
      [
        "conv1",
        (name) => conv(name, row.inChannels ?? 3, 64, 7, { stride: 2 }),
      ],
      ["bn1", (name) => norm(name, 64)],
      ["relu", relu],
      ["maxpool", (name) => ({
        type: "MaxPool2d",
        name,
        children: none,
        kernelSize: 3,
        stride: 2,
        padding: 1,
      })],
      ...stages(row),
      ["avgpool", (name) => ({
        type: "AdaptiveAvgPool2d",
        name,
        children: none,
      })],
      ...head,
    ]),
  };
}
