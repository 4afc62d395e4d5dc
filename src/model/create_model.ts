/**
 * The factory: architecture, cut and weights to a model.
 *
 * @module
 */

import { archRow } from "../arch/lookup.ts";
import { imagenetPreset } from "../arch/preset.ts";
import { buildResNet } from "../arch/resnet.ts";
import type { ArchName, ArchRow } from "../arch/table.ts";
import { resolveNode } from "../arch/node_names.ts";
import { cutTrace, type Trace, traceForward } from "../arch/trace.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { loadParameters } from "./load_parameters.ts";
import { ResNet, type ResNetParts } from "./model.ts";
import { packingOf, startKernels } from "./packing.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import type { FetchOptions } from "../weights/fetch/options.ts";
import { initialWeights } from "../weights/init.ts";
import { headClasses, withTorchvisionNames } from "../weights/key_names.ts";
import { checkTensors } from "../weights/load.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { type Pretrained, withPretrained } from "../weights/resolve.ts";

/** Arguments of torchvision's constructor that change a network of the table. */
export type ConstructorOptions = Pick<
  ArchRow,
  | "groups"
  | "widthPerGroup"
  | "numClasses"
  | "replaceStrideWithDilation"
  | "inChannels"
>;

/**
 * What `createModel` takes besides architecture, cut and weights. What comes over the network is
 * kept in a cache; `cache` says where, and `onProgress` is told how far it is.
 */
export interface ModelOptions extends ConstructorOptions, FetchOptions {
  /** Seed of the fresh weights where `pretrained` is false. Default 0. */
  readonly seed?: number;
  /** Where `pretrained` is false: each block starts as the identity. Default false. */
  readonly zeroInitResidual?: boolean;
  /**
   * `"fast"`, the default: some weights are kept transformed (Winograd), in two to four times the
   * bytes of their filter. `"small"`: none are, and all are float16, half of float32's bytes, or
   * int8 where the file has them so; a pass takes half again to twice the time. Stock kernels have
   * `"fast"` only.
   */
  readonly memory?: "fast" | "small";
  /**
   * What weights are rounded to in memory; they are computed with as float32. Default: as `memory`
   * says, so `"float32"` or `"float16"`. `"float16"` stays within 2e-3 of a node's largest value,
   * `"int8"` at a cosine of 0.999 or more. What isn't transformed, and has that type or a smaller
   * one in a packed file, isn't rounded again. Stock kernels have `"float32"` only.
   */
  readonly weightsDType?: WeightsDType;
}

/**
 * Makes a ResNet, whole or up to a layer.
 *
 * Cut at `outputLayer`, nothing behind the cut is read, unpacked or kept. The backend is started
 * with its defaults unless `startBackend` was called before.
 *
 * @param arch One of torchvision's ten names, `"mlnet_resnet18"` (the network that ships), or a
 *   row of one's own: torchvision's `ResNet(BasicBlock, [2, 2, 2, 3])` is
 *   `{ name: "mine", block: "BasicBlock", layers: [2, 2, 2, 3] }`.
 * @param outputLayer The last node to compute: a child (`"layer4"`), an inner module
 *   (`"layer3.1.conv2"`) or a node of torchvision's `feature_extraction` (`"layer1.0.add"`,
 *   `"flatten"`). Left out or null: the whole network.
 * @param pretrained `false`: torchvision's own initialisation. `true`: torchvision's
 *   `IMAGENET1K_V1`, for `"mlnet_resnet18"` what ships. Else an entry's name
 *   (`"IMAGENET1K_V2"`), a path, a URL, `hf:owner/name[@revision]` (a repository at Hugging Face),
 *   the bytes of a file, or a {@linkcode Checkpoint}. What is fetched is no more than the cut needs,
 *   where server and format allow. Any generation of `.pth`, safetensors, `.npz` and packed weights
 *   are told apart by content. The network gets the file's own number of classes, unless
 *   `numClasses` says another.
 * @param options Seed, warnings, how weights are fetched and kept.
 * @returns The model. Its weights are the caller's to dispose.
 * @throws {RangeError} If the architecture, the node or the entry is unknown: the nearest are named;
 *   or if `memory` or `weightsDType` is none of those allowed.
 * @throws {TypeError} If the weights don't fit the network; every tensor that is amiss is named.
 * @throws {SyntaxError} If a weights file doesn't parse.
 * @throws {Error} If the backend runs with stock kernels, and less memory is asked for.
 * @see torchvision 0.14.1, `torchvision/models/resnet.py`; He et al., "Deep Residual Learning for
 *   Image Recognition", 2015.
 *
 * @example The network that ships, up to its features
 * ```ts
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "flatten", true);
 * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
 * assert.deepEqual(model.forward(input).shape, [1, 512]);
 * ```
 */
export async function createModel(
  arch: ArchName | ArchRow | (string & Record<never, never>),
  outputLayer: string | null = null,
  pretrained: false | Pretrained = false,
  options: ModelOptions = {},
): Promise<ResNet> {
  const { numClasses } = options;
  const row = archRow({ ...archRow(arch), ...constructorOptions(options) });
  const packing = packingOf(options);
  if (pretrained === false) {
    const network = cutNetwork(row, outputLayer);
    const { seed = 0, zeroInitResidual } = options;
    const checkpoint = initialWeights(
      network.trace.root,
      seed,
      zeroInitResidual,
    );
    const kernels = startKernels(packing);
    const parts = { ...network, packing, preset: imagenetPreset };
    return await build(parts, checkpoint, kernels, options);
  }
  // A name means any head, that of the file; a wrong layer is said before anything is fetched.
  const anyHead = numClasses === undefined &&
    (typeof arch === "string" || arch.numClasses === undefined);
  cutNetwork(anyHead ? { ...row, numClasses: 1000 } : row, outputLayer);
  const kernels = startKernels(packing); // While the weights are fetched.
  return await withPretrained(row.name, pretrained, options, (opened) => {
    const { preset = imagenetPreset } = opened;
    const { checkpoint, note } = withTorchvisionNames(opened.checkpoint);
    if (note) (options.warn ?? console.warn)(note);
    const fitted = anyHead
      ? { ...row, numClasses: headClasses(checkpoint) }
      : row;
    const network = cutNetwork(fitted, outputLayer);
    const parts = { ...network, packing, preset };
    return build(parts, checkpoint, kernels, options);
  });
}

/** A network and its front. */
interface CutNetwork {
  readonly row: ArchRow;
  readonly full: Trace;
  readonly trace: Trace;
}

function cutNetwork(row: ArchRow, outputLayer: string | null): CutNetwork {
  const full = traceForward(buildResNet(row));
  const output = outputLayer === null
    ? full.output
    : resolveNode(full, full, outputLayer);
  return { row, full, trace: cutTrace(full, output) };
}

async function build(
  parts: Omit<ResNetParts, "kernels" | "parameters">,
  checkpoint: Checkpoint,
  starting: Promise<Kernels>,
  { warn }: ModelOptions,
): Promise<ResNet> {
  const { row, full, trace, packing } = parts;
  checkTensors(checkpoint, row.name, trace.root, full.root);
  const kernels = await starting;
  const parameters = await loadParameters(
    trace,
    checkpoint,
    kernels,
    packing,
    warn,
  );
  return new ResNet({ ...parts, kernels, parameters });
}

/** Those options that are part of a row, as far as they are given. */
function constructorOptions(options: ModelOptions): ConstructorOptions {
  const keys = [
    "groups",
    "widthPerGroup",
    "numClasses",
    "replaceStrideWithDilation",
    "inChannels",
  ] as const;
  return Object.fromEntries(
    keys.map((key) => [key, options[key]] as const)
      .filter(([, value]) => value !== undefined),
  );
}
