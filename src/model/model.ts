/**
 * A ResNet that runs: the object that `createModel` gives.
 *
 * @module
 */

import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { modulesOf } from "../arch/module.ts";
import type { Preset } from "../arch/preset.ts";
import type { ArchRow } from "../arch/table.ts";
import type { Picture } from "../image/rgb_image.ts";
import { callsOf } from "../arch/node_names.ts";
import type { Value } from "../graph/plan.ts";
import { cutTrace, type Trace } from "../arch/trace.ts";
import { type LinearWeights, replaceHead } from "./head.ts";
import type { ForwardHook, ForwardPreHook, HookHandle } from "./hooks.ts";
import type { Kernels, Packing } from "../kernels/kernels.ts";
import { requireInput } from "./layout.ts";
import type { Parameters } from "./parameters.ts";
import { Network } from "./network.ts";
import { preprocess } from "./preprocess.ts";
import { Runner } from "./runner.ts";
import type { SaveOptions } from "./save.ts";
import {
  type Summary,
  summary,
  type SummaryOptions,
} from "../summary/summary.ts";

/** @internal What a model is made of; `createModel` puts it together. */
export interface ResNetParts {
  /** The architecture, with the options it was made with. */
  readonly row: ArchRow;
  /** The whole network. */
  readonly full: Trace;
  /** The network up to the cut. */
  readonly trace: Trace;
  readonly kernels: Kernels;
  /** How its weights are packed. */
  readonly packing: Packing;
  readonly parameters: Parameters;
  readonly preset: Preset;
}

/**
 * A ResNet, whole or up to a layer, with its weights in memory.
 *
 * Tensors are float32, NHWC: `[N, H, W, C]` for feature maps, `[N, 1, 1, C]` for `avgpool`,
 * `[N, C]` for `flatten` and `fc`. Numbers agree with torchvision's network in evaluation mode.
 * What `forward` and `extract` return belongs to the caller. After `dispose` every use throws.
 */
export class ResNet extends Network implements Disposable {
  /** The transform that the weights were trained with; `preprocess` applies it. */
  readonly preset: Preset;
  readonly #parts: ResNetParts;
  readonly #runner: Runner;
  #disposed = false;

  /**
   * Use {@linkcode createModel}.
   *
   * @internal
   */
  constructor(parts: ResNetParts) {
    super(parts.row.name, parts.trace, parts.full);
    this.#parts = parts;
    this.#runner = new Runner(parts.trace, parts.kernels, parts.parameters);
    this.preset = parts.preset;
  }

  /**
   * Computes the network's output: the prediction, or the layer at which it was cut.
   *
   * @param x A batch `[N, H, W, 3]`, normalized as by {@linkcode ResNet.preprocess}; any size.
   *   It stays the caller's.
   * @returns The output node's value, the caller's.
   * @throws {TypeError} If `x` is no float32 `[N, H, W, 3]`, or if a hook returns what it may not.
   *
   * @example Features of a picture
   * ```ts
   * import { createModel, decodeImage } from "@layertap/resnet";
   * import assert from "node:assert/strict";
   *
   * using model = await createModel("mlnet_resnet18", "layer4", true);
   * const input = model.preprocess(await decodeImage("examples/images/chelsea.png"));
   * const maps = model.forward(input);
   * assert.deepEqual(maps.shape, [1, 7, 7, 512]);
   * ```
   */
  forward(x: Tensor4D): Tensor {
    this.#requireInput(x);
    return this.#runner.run(x, [this.outputLayer]).get(this.outputLayer)!;
  }

  /**
   * Computes several nodes in one pass, no further than the deepest of them.
   *
   * @param x A batch as for {@linkcode ResNet.forward}.
   * @param names Node names, or names of modules, which mean their output; `layer1.0.relu` is the
   *   node, that is the first call. {@linkcode ResNet.nodes} lists the nodes.
   * @returns The values by the names that were asked for. They belong to the caller.
   * @throws {RangeError} If a name is unknown or lies behind the cut.
   *
   * @example Three nodes at once
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
      throw new TypeError(
        `extract: got ${typeof names}, a list of node names is allowed`,
      );
    }
    const nodes = new Map(names.map((name) => [name, this.resolveNode(name)]));
    this.#requireInput(x);
    const values = this.#runner.run(x, [...new Set(nodes.values())]);
    const given = new Set<Value>();
    return Object.fromEntries(
      [...nodes].map(([name, node]) => {
        const value = values.get(node)!;
        // Two names of one node are two tensors, each to be disposed.
        const own = given.has(node) ? value.clone() : value;
        given.add(node);
        return [name, own];
      }),
    ) as Record<Name, Tensor>;
  }

  /**
   * The features before pooling, as timm's `forward_features` gives them: `layer4`'s output.
   *
   * @param x A batch as for {@linkcode ResNet.forward}.
   * @returns `[N, H, W, C]`, the caller's.
   * @throws {RangeError} If the model is cut before `layer4`'s end.
   */
  forwardFeatures(x: Tensor4D): Tensor4D {
    return this.extract(x, ["layer4"]).layer4 as Tensor4D;
  }

  /**
   * From the features before pooling to the prediction, as timm's `forward_head`.
   *
   * @param features What {@linkcode ResNet.forwardFeatures} gives, of any height and width. They
   *   stay the caller's.
   * @param options.preLogits Stop before `fc`: the pooled features, `[N, C]`.
   * @returns The logits `[N, numClasses]`, or the pooled features; the caller's.
   * @throws {TypeError} If `features` is no `[N, H, W, C]` with `layer4`'s channels.
   * @throws {RangeError} If the model is cut before its end.
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
    this.requireAlive();
    const [given, flat, last] = ["layer4", "flatten", this.#parts.full.output]
      .map((name) => this.resolveNode(name));
    const channels = this.shapes([1, 32, 32, this.inChannels]).get(given)![3];
    requireInput(features, channels);
    const output = preLogits ? flat : last;
    return this.#runner.run(features, [output], given).get(output) as Tensor2D;
  }

  /**
   * Has a function called after each call of a module, in every `forward`, and in every `extract`
   * that goes that far.
   *
   * As in PyTorch, hooks on one module run in the order of registration, inner modules' before
   * their container's, and a module that is called twice (a BasicBlock's `relu`) fires twice. The
   * output is the node's own value, never what an in-place ReLU leaves of it.
   *
   * @param name A module's name as in {@linkcode ResNet.namedModules}; `""` is the whole network.
   * @param hook Gets the module, its input and its output, NHWC, valid until `forward` returns. A
   *   tensor that it returns takes the output's place; one made inside the hook is then the
   *   model's. What it throws, `forward` throws.
   * @returns A handle that removes the hook.
   * @throws {RangeError} If there is no such module, or its output lies behind the cut.
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
    this.requireAlive();
    if (typeof hook !== "function") {
      throw new TypeError(
        `registerForwardHook("${name}"): got ${typeof hook}, a function is allowed`,
      );
    }
    callsOf(this.trace, this.#parts.full, name);
    return this.#runner.hooks.forward.add(name, hook);
  }

  /**
   * Has a function called before each call of a module.
   *
   * What holds for {@linkcode ResNet.registerForwardHook} holds here. A container's hooks come
   * before those of the modules inside.
   *
   * @param name A module's name; `""` is the whole network.
   * @param hook Gets the module and its input. A tensor that it returns is the module's input
   *   instead; others that read the same value, as a block's identity branch, keep the old one.
   * @returns A handle that removes the hook.
   * @throws {RangeError} If there is no such module, or its output lies behind the cut.
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
    this.requireAlive();
    if (typeof hook !== "function") {
      throw new TypeError(
        `registerForwardPreHook("${name}"): got ${typeof hook}, a function is allowed`,
      );
    }
    callsOf(this.trace, this.#parts.full, name);
    return this.#runner.hooks.pre.add(name, hook);
  }

  /**
   * A shorter model on the same weights: no copy is made, and each may be disposed on its own.
   *
   * @param outputLayer A node or module at or before this model's own output.
   * @returns A model without this one's hooks, the caller's.
   * @throws {RangeError} If the name is unknown or lies behind the cut.
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
  truncate(outputLayer: string): ResNet {
    this.requireAlive();
    const trace = cutTrace(this.trace, this.resolveNode(outputLayer));
    const parameters = this.#parts.parameters.share(
      [...modulesOf(trace.root)].map(({ name }) => name),
    );
    return new ResNet({ ...this.#parts, trace, parameters });
  }

  /**
   * The same network with a head of one's own, such as `fitLinear` makes, on the same weights: each
   * may be disposed on its own.
   *
   * @param head The weights of `fc`, which are copied.
   * @returns A whole network without this one's hooks, the caller's.
   * @throws {RangeError} If this model ends before `flatten`.
   * @throws {TypeError} If the weights are not for this network's features.
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
   * Writes the weights, as far as this model goes, as packed weights: an `.npz` under torchvision's
   * names that `createModel` takes. Whole or not at all.
   *
   * A model holds no batch norms, they are folded into the convolutions. What is written for them is
   * equivalent, with means of 0 and variances of 1: `"float32"` gives the same outputs within 1e-6,
   * where Winograd runs within its 2e-5. Weights that memory has as float16 or int8 are those.
   *
   * @param path The file to write. An old one is replaced.
   * @param options How filters are stored.
   * @throws {RangeError} If a weight is beyond what the type can hold.
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

  /** Resizes, crops and normalizes pictures as {@linkcode ResNet.preset} says: see `preprocess`. */
  preprocess(pictures: Picture | readonly Picture[]): Tensor4D {
    this.requireAlive();
    return preprocess(pictures, this.preset);
  }

  /** torchsummary's or torchinfo's table of this model: see `summary`. */
  summary(
    inputSize: readonly [number, number, number] = [3, 224, 224],
    options?: SummaryOptions,
  ): Summary {
    this.requireAlive();
    return summary(this, inputSize, options);
  }

  /** Bytes of the packed weights that this model uses, shared ones included. */
  get weightBytes(): number {
    return this.#parts.parameters.bytes;
  }

  /** Gives the weights up; those that a truncated model shares stay for it. Safe to call twice. */
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

  /** @internal Throws if the weights are gone. */
  protected override requireAlive(): void {
    if (this.#disposed) {
      throw new Error(
        `this ${this.arch} (up to "${this.outputLayer}") was disposed: its weights are gone`,
      );
    }
  }

  /** @internal For the functions beside it. */
  get parts(): ResNetParts {
    this.requireAlive();
    return this.#parts;
  }

  #requireInput(x: unknown): asserts x is Tensor4D {
    this.requireAlive();
    requireInput(x, this.inChannels);
  }
}
