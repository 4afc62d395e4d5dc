/**
 * A ResNet that runs: what `createModel` returns.
 *
 * @module
 */

import "../runtime/dispose.ts";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Layer } from "../arch/layer_name.ts";
import type { Preset } from "../arch/preset.ts";
import type { PreprocessOptions } from "../image/crops.ts";
import type { Picture } from "../image/rgb_image.ts";
import { type LinearWeights, replaceHead } from "./head.ts";
import type { OutputOf } from "./output_of.ts";
import { cutParts, type ModelParts } from "./parts.ts";
import { preprocess } from "./preprocess.ts";
import { Runner } from "./runner.ts";
import { RunningNetwork } from "./running_network.ts";
import type { SaveOptions } from "./save.ts";

/** The parts of a model, for this package's own functions; throws if it was disposed. */
export let partsOf: (model: ResNet) => ModelParts;

/**
 * A ResNet, whole or up to a layer, with its weights in memory.
 *
 * Tensors are float32, NHWC: `[N, H, W, C]` for feature maps, `[N, 1, 1, C]` for `avgpool`, `[N, C]`
 * for `flatten` and `fc`. Numbers agree with torchvision's network in evaluation mode. The caller
 * owns the tensors that methods return and the ones it passes in. After `dispose` every method
 * throws.
 *
 * `Arch` is the architecture's name and `Output` the type of the output layer, if the compiler knows
 * them: then names of layers complete, and a misspelt one is an error. Plain `ResNet` is any of them.
 */
export class ResNet<Arch = string, Output extends Tensor = Tensor>
  extends RunningNetwork<Arch, Output>
  implements Disposable {
  /** The transform that the weights were trained with; `preprocess` applies it. */
  readonly preset: Preset;
  /** The names of the classes in the order of `fc`'s outputs, if the weights or the head have them. */
  readonly labels?: readonly string[];
  readonly #parts: ModelParts;
  readonly #runner: Runner;
  #disposed = false;

  static {
    partsOf = (model) => {
      model.requireAlive();
      return model.#parts;
    };
    // One line in consoles and notebooks.
    const value = function (this: ResNet) {
      const { arch, outputLayer } = this;
      const state = this.#disposed
        ? "disposed"
        : `${(this.weightBytes / 1e6).toFixed(1)} MB`;
      return `ResNet ${arch} up to "${outputLayer}", ${state}`;
    };
    for (const name of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
      Object.defineProperty(this.prototype, Symbol.for(name), { value });
    }
  }

  /**
   * Use {@linkcode createModel}.
   *
   * @internal
   */
  constructor(parts: ModelParts) {
    const runner = new Runner(parts);
    super(parts, runner);
    this.#parts = parts;
    this.#runner = runner;
    this.preset = parts.preset;
    this.labels = parts.labels;
  }

  /**
   * A shorter model on the same weights. Dispose each of the two; the last frees the weights.
   *
   * @param outputLayer A node or module of this model; of a list, the deepest counts.
   * @returns A model without this one's hooks.
   * @throws {RangeError} If a name is unknown or comes after this model's last layer.
   *
   * @example Two depths, one set of weights
   * ```ts
   * import { createModel } from "@layertap/resnet";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("resnet18");
   * using front = model.truncate("layer2");
   * assert.deepEqual([...front.layers.keys()].at(-1), "layer2");
   * ```
   */
  truncate<const Name extends string>(
    outputLayer: Layer<Name, Arch> | readonly Layer<Name, Arch>[],
  ): ResNet<Arch, OutputOf<Name>> {
    return new ResNet(cutParts(partsOf(this), outputLayer));
  }

  /**
   * The same network with another head, such as `fitLinear` makes, on the same weights. Dispose each
   * of the two; the last frees the weights.
   *
   * @param head The weights of `fc`, which are copied, and optionally the names of its classes.
   * @returns A whole network without this one's hooks.
   * @throws {RangeError} If this model ends before `flatten`, or there aren't as many labels as
   *   classes.
   * @throws {TypeError} If the head's size doesn't match the network's features.
   *
   * @example Three classes
   * ```ts
   * import { createModel } from "@layertap/resnet";
   * import * as tf from "@tensorflow/tfjs-core";
   * import assert from "node:assert/strict";
   *
   * using features = await createModel("mlnet_resnet18", "flatten", true);
   * const weight = new Float32Array(3 * 512), bias = new Float32Array([1, 2, 3]);
   * using model = features.withHead({ weight, bias });
   * const logits = model.forward(tf.zeros([1, 64, 64, 3]));
   * assert.deepEqual([...logits.dataSync()], [1, 2, 3]);
   * ```
   */
  withHead(head: LinearWeights): ResNet<Arch, Tensor2D> {
    this.resolveNode("flatten");
    return new ResNet(replaceHead(this.#parts, head));
  }

  /**
   * Writes this model's weights as packed weights: an `.npz` under torchvision's names that
   * `createModel` reads. An interrupted write leaves the old file.
   *
   * Batch norms are folded into the convolutions in memory. The file has equivalent ones, with means
   * of 0 and variances of 1: saved as `"float32"` they give the same outputs within 1e-6, or within
   * Winograd's 2e-5. Weights that are float16 or int8 in memory are saved with those values. The
   * names of the classes are saved, too.
   *
   * @param path The file to write or replace.
   * @param options How filters are stored.
   * @throws {RangeError} If a weight is out of the type's range.
   * @throws {Error} If the file can't be written.
   *
   * @example A sixth of the bytes
   * ```ts ignore
   * await model.save("resnet18.npz", { dtype: "int8" });
   * const again = await createModel("resnet18", null, "resnet18.npz");
   * ```
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    this.requireAlive();
    const { saveModel } = await import("./save.ts");
    await saveModel(path, this.#parts, options);
  }

  /**
   * Identifies the weights that a node depends on: the same for the same weights in any format, and
   * for this model and a shorter one.
   *
   * It has three parts: hashes of the batch norms and of the filters, and signs of the last filter. A
   * copy that is packed as float16 or int8 has the same batch norms and nearly the same signs. The
   * architecture's name, layers after the node and the transform don't count.
   *
   * @param name A node or module.
   * @throws {RangeError} If the name is unknown or comes after the model's last layer.
   *
   * @example The same weights, cut elsewhere
   * ```ts
   * import { createModel } from "@layertap/resnet";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("mlnet_resnet18", "layer2", true);
   * using front = model.truncate("layer1");
   * assert.equal(await front.fingerprint("layer1"), await model.fingerprint("layer1"));
   * assert.notEqual(await model.fingerprint("layer1"), await model.fingerprint("layer2"));
   * ```
   */
  async fingerprint<const Name extends string>(
    name: Layer<Name, Arch>,
  ): Promise<string> {
    this.requireAlive();
    const { fingerprint } = await import("./fingerprint.ts");
    return await fingerprint(this.#parts, this.resolveNode(name));
  }

  /** Resizes, crops and normalizes pictures by {@linkcode ResNet.preset}: see `preprocess`. */
  preprocess(
    pictures: Picture | readonly Picture[],
    options?: PreprocessOptions,
  ): Tensor4D {
    this.requireAlive();
    return preprocess(pictures, this.preset, options);
  }

  /** Bytes of the weights in memory, including those shared with other models. */
  get weightBytes(): number {
    return this.#parts.parameters.bytes;
  }

  /** Frees the weights, except those that other models share. Safe to call twice. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#runner.dispose();
    this.#parts.parameters.dispose();
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  protected override requireAlive(): void {
    if (!this.#disposed) return;
    throw new Error(
      `this ${this.arch} (up to "${this.outputLayer}") was disposed`,
    );
  }
}
