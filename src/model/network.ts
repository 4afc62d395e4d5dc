/**
 * What a network is, apart from its weights: names, modules, shapes.
 *
 * @module
 */

import { inChannelsOf, type Module, modulesOf } from "../arch/module.ts";
import { resolveNode } from "../arch/node_names.ts";
import type { Trace } from "../arch/trace.ts";
import { inferShapes } from "../graph/shapes.ts";
import {
  summarize,
  type Summary,
  type SummaryOptions,
} from "../summary/summary.ts";

/** A node: one value that the forward pass computes. */
export interface NodeInfo {
  /** torchvision's name, e.g. `"layer1.0.relu_1"`. */
  readonly name: string;
  /** What computes it: the type of its module, `"add"` or `"flatten"`. */
  readonly operation: string;
  /** Names of the nodes that it is computed from; `"x"` is the network's input. */
  readonly inputs: readonly string[];
  /** The module that computes it; null for `add` and `flatten`. */
  readonly module: Module | null;
}

/** A network, whole or up to a layer: its names, modules and shapes. */
export abstract class Network {
  /** The architecture's name, e.g. `"resnet50"`. */
  readonly arch: string;
  /** The last node, which `forward` returns. */
  readonly outputLayer: string;
  /**
   * The root's children in order, as far as the model goes. The last one may be incomplete: it has
   * only the modules that run.
   */
  readonly layers: ReadonlyMap<string, Module>;
  readonly #trace: Trace;
  readonly #full: Trace;

  /**
   * Names a trace.
   *
   * @internal
   */
  constructor(arch: string, trace: Trace, full: Trace) {
    this.arch = arch;
    this.outputLayer = trace.output;
    this.layers = trace.root.children;
    this.#trace = trace;
    this.#full = full;
  }

  /** All modules by name, the root's being `""`, in PyTorch's order. */
  namedModules(): Map<string, Module> {
    this.requireAlive();
    return new Map([...modulesOf(this.#trace.root)].map((m) => [m.name, m]));
  }

  /** All nodes by name, in the order of the forward pass. */
  nodes(): ReadonlyMap<string, NodeInfo> {
    this.requireAlive();
    return this.#trace.nodes;
  }

  /**
   * The node that a name means: itself, or the output of the module of that name.
   *
   * @throws {RangeError} If the name is unknown or comes after the model's last layer.
   */
  resolveNode(name: string): string {
    this.requireAlive();
    return resolveNode(this.#trace, this.#full, name);
  }

  /**
   * Shapes of all nodes, without computing them.
   *
   * @param input The input's shape, `[N, H, W, 3]`.
   * @returns By name: `[N, H, W, C]`, for `flatten` and `fc` `[N, C]`.
   */
  shapes(
    input: readonly [number, number, number, number],
  ): Map<string, number[]> {
    this.requireAlive();
    return inferShapes(this.#trace, input);
  }

  /** torchsummary's or torchinfo's table of this model: see the function `summary`. */
  summary(
    inputSize: readonly [number, number, number] = [3, 224, 224],
    options?: SummaryOptions,
  ): Summary {
    this.requireAlive();
    return summarize(this.#trace, inputSize, options);
  }

  /** Channels of the input. */
  get inChannels(): number {
    return inChannelsOf(this.#trace.root);
  }

  /**
   * Throws if the network was disposed.
   *
   * @internal
   */
  protected abstract requireAlive(): void;
}
