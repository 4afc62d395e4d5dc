/**
 * A ResNet that runs: what `createModel` returns.
 *
 * @module
 */

import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { callsOf } from "../arch/node_names.ts";
import type { Preset } from "../arch/preset.ts";
import { expected } from "../errors/expected.ts";
import type { Picture } from "../image/rgb_image.ts";
import { type LinearWeights, replaceHead } from "./head.ts";
import type { ForwardHook, ForwardPreHook, HookHandle } from "./hooks.ts";
import { requireInput } from "./layout.ts";
import { Network } from "./network.ts";
import { cutParts, type ModelParts } from "./parts.ts";
import { preprocess } from "./preprocess.ts";
import { Runner } from "./runner.ts";
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
 */
export class ResNet extends Network implements Disposable {
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
  }

  /**
   * Use {@linkcode createModel}.
   *
   * @internal
   */
  constructor(parts: ModelParts) {
    super(parts.row.name, parts.trace, parts.full);
    this.#parts = parts;
    this.#runner = new Runner(parts);
    this.preset = parts.preset;
    this.labels = parts.labels;
  }

  /**
   * Computes the network's output: the prediction, or the layer that the model was created with. Of
   * several layers it returns the deepest; {@linkcode ResNet.extract} returns them all.
   *
   * @param x A batch `[N, H, W, 3]` of any size, normalized as by {@linkcode ResNet.preprocess}.
   * @returns The value of `model.outputLayer`.
   * @throws {TypeError} If `x` has another shape or type, or a hook's result has.
   * @throws {RangeError} If the pass takes more memory than WebAssembly has, 4 GiB, before any work is
   *   done; the message says how much, and the largest batch that fits.
   */
  forward(x: Tensor4D): Tensor {
    this.#requireInput(x);
    return this.#runner.run(x, [this.outputLayer]).get(this.outputLayer)!;
  }

  /**
   * Computes several nodes in one pass, as far as the deepest of them.
   *
   * @param x A batch as for {@linkcode ResNet.forward}.
   * @param names Nodes, or modules, whose output is meant; `layer1.0.relu` is both, and means the
   *   node: the module's first call. {@linkcode Network.nodes} lists the nodes.
   * @returns The values by the given names.
   * @throws {RangeError} If a name is unknown or comes after the model's last layer, or there is none.
   *
   * @example Two nodes at once
   * ```ts
   * import { createModel } from "@layertap/resnet";
   * import * as tf from "@tensorflow/tfjs-core";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("resnet18");
   * const { layer1, avgpool } = model.extract(tf.zeros([2, 64, 64, 3]), ["layer1", "avgpool"]);
   * assert.deepEqual(layer1.shape, [2, 16, 16, 64]);
   * assert.deepEqual(avgpool.shape, [2, 1, 1, 512]);
   * ```
   */
  extract<Name extends string>(
    x: Tensor4D,
    names: readonly Name[],
  ): Record<Name, Tensor> {
    this.requireAlive();
    if (!Array.isArray(names)) {
      throw new TypeError(expected("extract", "a list of node names", names));
    }
    if (names.length === 0) {
      throw new RangeError(
        expected("extract", "at least one node name", names),
      );
    }
    const nodes = names.map((name) => [name, this.resolveNode(name)] as const);
    this.#requireInput(x);
    return this.#runner.runNamed(x, new Map(nodes));
  }

  /**
   * The features before pooling, as timm's `forward_features`: the output of `layer4`.
   *
   * @param x A batch as for {@linkcode ResNet.forward}.
   * @returns `[N, H, W, C]`.
   * @throws {RangeError} If the model ends before `layer4` does.
   */
  forwardFeatures(x: Tensor4D): Tensor4D {
    return this.extract(x, ["layer4"]).layer4 as Tensor4D;
  }

  /**
   * From the features before pooling to the prediction, as timm's `forward_head`.
   *
   * @param features What {@linkcode ResNet.forwardFeatures} returns, of any height and width.
   * @param options.preLogits Stop before `fc`, at the pooled features.
   * @returns The logits `[N, numClasses]`, or the pooled features `[N, C]`.
   * @throws {TypeError} If `features` isn't `[N, H, W, C]` with the channels of `layer4`.
   * @throws {RangeError} If the model ends before the whole network does.
   *
   * @example The two halves
   * ```ts
   * import { createModel } from "@layertap/resnet";
   * import * as tf from "@tensorflow/tfjs-core";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("resnet18");
   * const features = model.forwardFeatures(tf.zeros([1, 64, 64, 3]));
   * assert.deepEqual(model.forwardHead(features).shape, [1, 1000]);
   * assert.deepEqual(model.forwardHead(features, { preLogits: true }).shape, [1, 512]);
   * ```
   */
  forwardHead(
    features: Tensor4D,
    { preLogits = false }: { readonly preLogits?: boolean } = {},
  ): Tensor2D {
    const [given, flat, last] = ["layer4", "flatten", this.#parts.full.output]
      .map((name) => this.resolveNode(name));
    const channels = this.shapes([1, 32, 32, this.inChannels]).get(given)![3];
    requireInput(features, channels);
    const output = preLogits ? flat : last;
    return this.#runner.run(features, [output], given).get(output) as Tensor2D;
  }

  /**
   * Registers a function that is called after each call of a module: in every `forward`, and in
   * every `extract` that goes that far.
   *
   * As in PyTorch, hooks on one module run in the order of registration, inner modules' before
   * their container's, and a module that is called twice (a BasicBlock's `relu`) fires twice. The
   * output is the node's own value, untouched by an in-place ReLU after it. A hook that another one
   * adds during a pass sees the calls that begin later.
   *
   * @param name A module's name as in {@linkcode Network.namedModules}; `""` is the whole network.
   * @param hook Called with the module, its input and its output. What it throws, `forward` throws.
   * @returns A handle that removes the hook.
   * @throws {RangeError} If there is no such module, or it ends after the model's last layer.
   *
   * @example Keep a block's output on the way to the prediction
   * ```ts
   * import { createModel } from "@layertap/resnet";
   * import * as tf from "@tensorflow/tfjs-core";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("resnet18");
   * const kept: tf.Tensor[] = [];
   * const handle = model.registerForwardHook("layer2.0", (_module, _inputs, output) => {
   *   kept.push(output.clone());
   * });
   * const logits = model.forward(tf.zeros([1, 64, 64, 3]));
   * handle.remove();
   * assert.deepEqual(logits.shape, [1, 1000]);
   * assert.deepEqual(kept[0].shape, [1, 8, 8, 128]);
   * ```
   */
  registerForwardHook(name: string, hook: ForwardHook): HookHandle {
    this.#requireModule(name);
    return this.#runner.hooks.forward.add(name, hook);
  }

  /**
   * Registers a function that is called before each call of a module. A container's hooks run before
   * those of the modules inside; otherwise as {@linkcode ResNet.registerForwardHook}.
   *
   * @param name A module's name; `""` is the whole network.
   * @param hook Called with the module and its input.
   * @returns A handle that removes the hook.
   * @throws {RangeError} If there is no such module, or it ends after the model's last layer.
   *
   * @example Silence one channel on its way into a stage
   * ```ts
   * import { createModel } from "@layertap/resnet";
   * import * as tf from "@tensorflow/tfjs-core";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("resnet18");
   * const mask = tf.tensor1d(Array.from({ length: 64 }, (_, c) => c === 7 ? 0 : 1));
   * model.registerForwardPreHook("layer2", (_module, [input]) => tf.mul(input, mask));
   * const logits = model.forward(tf.zeros([1, 64, 64, 3]));
   * assert.deepEqual(logits.shape, [1, 1000]);
   * ```
   */
  registerForwardPreHook(name: string, hook: ForwardPreHook): HookHandle {
    this.#requireModule(name);
    return this.#runner.hooks.pre.add(name, hook);
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
  truncate(outputLayer: string | readonly string[]): ResNet {
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
  withHead(head: LinearWeights): ResNet {
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
  async fingerprint(name: string): Promise<string> {
    this.requireAlive();
    const { fingerprint } = await import("./fingerprint.ts");
    return await fingerprint(this.#parts, this.resolveNode(name));
  }

  /** Resizes, crops and normalizes pictures by {@linkcode ResNet.preset}: see `preprocess`. */
  preprocess(pictures: Picture | readonly Picture[]): Tensor4D {
    this.requireAlive();
    return preprocess(pictures, this.preset);
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

  #requireInput(x: unknown): asserts x is Tensor4D {
    this.requireAlive();
    requireInput(x, this.inChannels);
  }

  #requireModule(name: string): void {
    const { trace, full } = partsOf(this);
    callsOf(trace, full, name);
  }
}
