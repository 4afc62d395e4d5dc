/**
 * The names of layers as types: editors complete them, and the compiler finds misspelt ones.
 *
 * @module
 */

import type { ArchName } from "./table.ts";

/**
 * The names of a network's layers; any string for a network that the compiler doesn't know.
 *
 * `Arch` is an architecture's name. `Kind` is `"module"` for the names in `named_modules()`, without
 * the root's; `"node"`, the default, adds the values of the forward pass that have names of their own,
 * such as `layer1.0.add`. `fc` is a layer of `mlnet_resnet18` as well: `withHead` adds it.
 *
 * @example A table by layer
 * ```ts
 * import type { LayerName } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const strides: Partial<Record<LayerName<"resnet50">, number>> = { layer1: 4, layer2: 8 };
 * assert.equal(strides.layer2, 8);
 * ```
 */
export type LayerName<
  Arch = string,
  Kind extends "module" | "node" = "node",
  Digit extends number = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9,
> = Arch extends ArchName ? [
    // The blocks by depth, the modules of one, and whose names they have.
    | `layer${1 | 2 | 3 | 4}.${0 | 1}`
    | (Arch extends "mlnet_resnet18" ? "layer4.2" : never)
    | (Arch extends `${string}18${string}` ? never
      : `layer${1 | 2 | 3 | 4}.2` | `layer${2 | 3}.3` | `layer3.${4 | 5}`)
    | (Arch extends `${string}${101 | 152}${string}`
      ? `layer3.${6 | 7 | 8 | 9 | `1${Digit}` | 20 | 21 | 22}`
      : never)
    | (Arch extends `${string}152${string}` ?
        | `layer2.${4 | 5 | 6 | 7}`
        | `layer3.${`2${Digit}` | `3${0 | 1 | 2 | 3 | 4 | 5}`}`
      : never),
    Arch extends `${string}${18 | 34}${string}` ? "BasicBlock" : "Bottleneck",
    Arch extends `resnet${number}d` ? "timm" : "torchvision",
  ] extends [infer Block extends string, infer Type, infer Names] ?
      | "conv1"
      | "bn1"
      | "maxpool"
      | `layer${1 | 2 | 3 | 4}`
      | "fc"
      | Block
      | `${Block}.${"conv" | "bn"}${
        | 1
        | 2
        | (Type extends "Bottleneck" ? 3 : never)}`
      | `layer${
        | 2
        | 3
        | 4
        | (Type extends "Bottleneck" ? 1 : never)}.0.downsample${
        | ""
        | ".0"
        | ".1"
        | (Names extends "timm" ? ".2" : never)}`
      | (Names extends "timm" ?
          | `conv1.${0 | 1 | 2 | 3 | 4 | 5 | 6}`
          | "act1"
          | `global_pool${"" | ".pool" | ".flatten"}`
          | `${Block}.${
            | "drop_block"
            | "aa"
            | `act${1 | 2 | (Type extends "Bottleneck" ? 3 : never)}`}`
        : "relu" | "avgpool" | `${Block}.relu`)
      | (Kind extends "module" ? never
        :
          | "relu"
          | "avgpool"
          | "flatten"
          | `${Block}.add`
          | (Names extends "timm" ? never
            : `${Block}.relu_${1 | (Type extends "Bottleneck" ? 2 : never)}`))
  : never
  : string;

/**
 * The name of a layer as functions accept it: one of {@linkcode LayerName}, or a string that the
 * compiler doesn't know.
 *
 * @example A function on any layer
 * ```ts
 * import type { Layer, ResNet } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const nodeOf = <Arch, Name extends string>(model: ResNet<Arch>, name: Layer<Name, Arch>) =>
 *   model.resolveNode(name);
 * assert.equal(typeof nodeOf, "function");
 * ```
 */
export type Layer<
  Name extends string | null,
  Arch,
  Kind extends "module" | "node" = "node",
> = string extends Name ? string
  : Name extends string & LayerName<Arch, Kind> ? Name
  : LayerName<Arch, Kind>;
