/**
 * A network that runs: passes and hooks.
 *
 * @module
 */

import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Layer } from "../arch/layer_name.ts";
import { callsOf } from "../arch/node_names.ts";
import type { Trace } from "../arch/trace.ts";
import { expected } from "../errors/expected.ts";
import type { ForwardHook, ForwardPreHook, HookHandle } from "./hooks.ts";
import { requireInput } from "./layout.ts";
import { Network } from "./network.ts";
import type { OutputOf } from "./output_of.ts";
import type { ModelParts } from "./parts.ts";
import type { Runner } from "./runner.ts";

/**
 * A network that runs, whole or up to a layer.
 *
 * `Arch` is the architecture's name, if the compiler knows it, and `Output` what `forward` returns.
 */
export abstract class RunningNetwork<
  Arch = string,
  Output extends Tensor = Tensor,
> extends Network {
  readonly #trace: Trace;
  readonly #full: Trace;
  readonly #runner: Runner;

  /**
   * Names the parts and what runs them.
   *
   * @internal
   */
  constructor({ row, trace, full }: ModelParts, runner: Runner) {
    super(row.name, trace, full);
    this.#trace = trace;
    this.#full = full;
    this.#runner = runner;
  }

  /**
   * Computes the network's output: the prediction, or the layer that the model was created with. Of
   * several layers it returns the deepest; {@linkcode RunningNetwork.extract} returns them all.
   *
   * @param x A batch `[N, H, W, 3]` of any size, normalized as by {@linkcode ResNet.preprocess}.
   * @returns The value of `model.outputLayer`.
   * @throws {TypeError} If `x` has another shape or type, or a hook's result has.
   * @throws {RangeError} If the pass takes more memory than WebAssembly has, 4 GiB, before any work is
   *   done; the message says how much, and the largest batch that fits.
   */
  forward(x: Tensor4D): Output {
    this.#requireInput(x);
    const values = this.#runner.run(x, [this.outputLayer]);
    return values.get(this.outputLayer) as Output;
  }

  /**
   * Computes several nodes in one pass, as far as the deepest of them.
   *
   * @param x A batch as for {@linkcode RunningNetwork.forward}.
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
  extract<const Name extends string>(
    x: Tensor4D,
    names: readonly Layer<Name, Arch>[],
  ): { [N in Name]: OutputOf<N> } {
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
    const values: Record<string, Tensor> = this.#runner
      .runNamed(x, new Map<string, string>(nodes));
    return values as { [N in Name]: OutputOf<N> };
  }

  /**
   * The features before pooling, as timm's `forward_features`: the output of `layer4`.
   *
   * @param x A batch as for {@linkcode RunningNetwork.forward}.
   * @returns `[N, H, W, C]`.
   * @throws {RangeError} If the model ends before `layer4` does.
   */
  forwardFeatures(x: Tensor4D): Tensor4D {
    const name: string = "layer4"; // Every architecture has it.
    return this.extract(x, [name])[name] as Tensor4D;
  }

  /**
   * From the features before pooling to the prediction, as timm's `forward_head`.
   *
   * @param features What {@linkcode RunningNetwork.forwardFeatures} returns, of any height and width.
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
    const [given, flat, last] = ["layer4", "flatten", this.#full.output]
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
  registerForwardHook<const Name extends string>(
    name: Layer<Name, Arch, "module"> | "",
    hook: ForwardHook<OutputOf<Name>>,
  ): HookHandle {
    this.#requireModule(name);
    return this.#runner.hooks.forward.add(name, hook as ForwardHook);
  }

  /**
   * Registers a function that is called before each call of a module. A container's hooks run before
   * those of the modules inside; otherwise as {@linkcode RunningNetwork.registerForwardHook}.
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
  registerForwardPreHook<const Name extends string>(
    name: Layer<Name, Arch, "module"> | "",
    hook: ForwardPreHook,
  ): HookHandle {
    this.#requireModule(name);
    return this.#runner.hooks.pre.add(name, hook);
  }

  #requireInput(x: unknown): asserts x is Tensor4D {
    this.requireAlive();
    requireInput(x, this.inChannels);
  }

  #requireModule(name: string): void {
    this.requireAlive();
    callsOf(this.#trace, this.#full, name);
  }
}
