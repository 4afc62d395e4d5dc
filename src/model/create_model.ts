/**
 * The factory: from an architecture, an output layer and weights to a model.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import { type CutNetwork, cutNetwork } from "../arch/cut_network.ts";
import type { Layer } from "../arch/layer_name.ts";
import { archRow } from "../arch/lookup.ts";
import { imagenetPreset } from "../arch/preset.ts";
import { type ArchName, type ArchRow, withoutClasses } from "../arch/table.ts";
import { expected, requireOneOf } from "../errors/expected.ts";
import { loadResize } from "../image/resize_simd.ts";
import type { Checkpoint } from "../weights/checkpoint.ts";
import { withFields } from "../weights/choose_preset.ts";
import { initialWeights } from "../weights/init.ts";
import { withNetwork } from "../weights/open_network.ts";
import type { Pretrained } from "../weights/resolve.ts";
import { loadParameters } from "./load_parameters.ts";
import { ResNet } from "./model.ts";
import type { OutputOf } from "./output_of.ts";
import { constructorOptions, type ModelOptions, storageOf } from "./options.ts";
import { startKernels } from "./start_kernels.ts";

/**
 * Creates a ResNet, whole or up to a layer.
 *
 * Nothing after `outputLayer` is fetched, unpacked or kept. The backend starts with its defaults
 * unless `startBackend` was called before.
 *
 * @param arch One of torchvision's ten names, timm's `"resnet18d"` to `"resnet152d"`,
 *   `"mlnet_resnet18"` (the network that ships), or a row of your own: torchvision's `ResNet(BasicBlock, [2, 2, 2, 3])` is
 *   `{ name: "mine", block: "BasicBlock", layers: [2, 2, 2, 3] }`. Null: found from the weights, by their
 *   config or the names and shapes of their tensors.
 * @param outputLayer The last node to compute: a child (`"layer4"`), an inner module
 *   (`"layer3.1.conv2"`) or a node of torchvision's `feature_extraction` (`"layer1.0.add"`,
 *   `"flatten"`). Of a list, the deepest. Null, the default: the whole network.
 * @param pretrained `false`, the default: torchvision's own initialisation. `true`: torchvision's
 *   `IMAGENET1K_V1`, or the weights that ship with `"mlnet_resnet18"`. Else an entry's name
 *   (`"IMAGENET1K_V2"`), a path, a URL, `hf:owner/name[@revision]` (a repository at Hugging Face), a
 *   folder cloned from there, a file's bytes, or a {@linkcode Checkpoint}. `.pth` files of any
 *   generation, safetensors, `.npz` and packed weights are recognized by their content, and searched
 *   for the network (see `prefix`); only what the network needs is fetched, if server and format allow. The file decides the number of classes
 *   unless `numClasses` is given. timm's and transformers' configs in a repository decide
 *   `model.preset`; one that names another network is refused.
 * @param options The network, memory, and how weights are fetched and cached.
 * @returns The model; dispose it to free its weights.
 * @throws {RangeError} If the architecture, the layer or the entry is unknown, an option is out of
 *   bounds, or a config says what this package doesn't have.
 * @throws {TypeError} If the weights don't fit the network.
 * @throws {SyntaxError} If a weights file doesn't parse.
 * @throws {Error} If weights can't be opened or fetched, or the stock kernels lack `memory` or
 *   `dtype`.
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
 *
 * @example Up to the deepest of two layers
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("resnet18", ["layer3", "layer1.0.relu"]);
 * assert.equal(model.outputLayer, "layer3.1.relu_1");
 * ```
 */
export async function createModel<
  const Arch extends
    | ArchName
    | ArchRow
    | (string & Record<never, never>)
    | null,
  const Name extends string | null = null,
  // With ResNet-D's options, layers have other names.
  const Timm extends boolean | undefined = false,
>(
  arch: Arch,
  outputLayer:
    | Layer<Name, Timm extends false ? Arch : string>
    | readonly Layer<Name, Timm extends false ? Arch : string>[]
    | null = null,
  pretrained: false | Pretrained = false,
  options:
    & ModelOptions
    & { readonly deepStem?: Timm; readonly avgDown?: Timm } = {},
): Promise<
  ResNet<
    Timm extends false ? Arch : string,
    OutputOf<Name>
  >
> {
  const { seed = 0, zeroInitResidual, warn } = options;
  const storage = storageOf(options);
  const row = rowOf(arch, pretrained, options);
  // A wrong layer is an error before anything starts or is fetched.
  const network = row && cutNetwork(row, outputLayer);
  const kernels = startKernels(storage); // While the weights are fetched.
  void loadResize(); // For `preprocess`, which can't wait.
  if (pretrained === false) {
    if (!network) {
      throw new TypeError(
        expected("arch", "a name or a row, without weights", arch),
      );
    }
    const weights = initialWeights(network.trace.root, seed, zeroInitResidual);
    const { preset: choice = "default" } = options;
    const preset = typeof choice === "object" ? withFields(choice) : undefined;
    if (!preset) requireOneOf("preset, without weights", choice, ["default"]);
    return await build(network, weights, preset);
  }
  return await withNetwork(
    pretrained,
    { ...options, arch: row, outputLayer },
    (opened) => build(opened, opened.checkpoint, opened.preset),
  );

  async function build<Arch, Output extends Tensor>(
    { row, full, trace }: CutNetwork,
    checkpoint: Checkpoint,
    preset = imagenetPreset,
  ): Promise<ResNet<Arch, Output>> {
    const parts = { row, full, trace, kernels: await kernels, storage, preset };
    const loaded = await loadParameters(parts, checkpoint, warn);
    const { labels } = checkpoint.metadata ?? {};
    return new ResNet({ ...parts, ...loaded, labels });
  }
}

/** The row asked for; undefined if the weights are to tell it. */
function rowOf(
  arch: string | ArchRow | null,
  pretrained: false | Pretrained,
  options: ModelOptions,
): ArchRow | undefined {
  const changes = constructorOptions(options);
  if (arch === null) {
    const [change] = Object.keys(changes);
    if (change === undefined) return undefined;
    throw new TypeError(
      expected("arch", `a name or a row, to change ${change}`, arch),
    );
  }
  const row = archRow({ ...archRow(arch), ...changes });
  const isOpen = pretrained !== false && typeof arch === "string" &&
    options.numClasses === undefined;
  return isOpen ? withoutClasses(row) : row;
}
