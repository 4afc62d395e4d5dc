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
  { stride = 1, groups = 1 } = {},
): Conv2d {
  return {
    type: "Conv2d",
    name,
    children: none,
    inChannels,
    outChannels,
    kernelSize,
    stride,
    padding: kernelSize >> 1,
    dilation: 1,
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

/** Makes children out of `[key, maker]` pairs, each told its full path. */
function childrenOf(
  path: string,
  makers: readonly (readonly [string, (name: string) => Module])[],
): ReadonlyMap<string, Module> {
  return new Map(makers.map(([key, make]) => [key, make(join(path, key))]));
}

/** Channels that a block's output has for each of its `planes`. */
export function expansionOf(block: ArchRow["block"]): number {
  return block === "Bottleneck" ? 4 : 1;
}

function block(
  row: ArchRow,
  name: string,
  inplanes: number,
  planes: number,
  stride: number,
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
  // The order of registration, which named_modules() shows, differs between the two.
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
      ["conv2", (n: string) => conv(n, width, width, 3, { stride, groups })],
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

function stage(
  row: ArchRow,
  name: string,
  inplanes: number,
  planes: number,
  blocks: number,
  stride: number,
): Module {
  const outplanes = planes * expansionOf(row.block);
  return {
    type: "Sequential",
    name,
    children: childrenOf(
      name,
      Array.from({ length: blocks }, (_, i) => [
        `${i}`,
        (n) =>
          i === 0
            ? block(row, n, inplanes, planes, stride)
            : block(row, n, outplanes, planes, 1),
      ]),
    ),
  };
}

/** Builds the whole tree of a row; nothing is computed or loaded. */
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
  const layer = (i: number, inplanes: number) => (name: string) =>
    stage(row, name, inplanes, 64 << i, row.layers[i], i === 0 ? 1 : 2);
  return {
    type: "ResNet",
    name: "",
    children: childrenOf("", [
      ["conv1", (name) => conv(name, 3, 64, 7, { stride: 2 })],
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
      ["layer1", layer(0, 64)],
      ["layer2", layer(1, 64 * expansion)],
      ["layer3", layer(2, 128 * expansion)],
      ["layer4", layer(3, 256 * expansion)],
      ["avgpool", (name) => ({
        type: "AdaptiveAvgPool2d",
        name,
        children: none,
      })],
      ...head,
    ]),
  };
}
