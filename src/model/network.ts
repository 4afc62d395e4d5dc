/**
 * What a network is, apart from its weights: names, modules, shapes.
 *
 * @module
 */

import type { Conv2d, Module } from "../arch/module.ts";
import { modulesOf } from "../arch/module.ts";
import { resolveNode } from "../arch/node_names.ts";
import { inferShapes } from "../graph/shapes.ts";
import type { Trace } from "../arch/trace.ts";

/** A network, whole or up to a layer, with names to ask for. */
export class Network {
  /** The architecture's name, e.g. `"resnet50"`. */
  readonly arch: string;
  /** The last node: what `forward` returns. */
  readonly outputLayer: string;
  /**
   * The root's children in order, up to the cut. The last one may itself be cut: a copy of the
   * module without what lies behind.
   */
  readonly layers: ReadonlyMap<string, Module>;
  /** The nodes and module calls up to the cut. */
  readonly trace: Trace;
  readonly #full: Trace;

  /**
   * Names a trace.
   *
   * @internal
   */
  constructor(arch: string, trace: Trace, full: Trace) {
    this.arch = arch;
    this.trace = trace;
    this.outputLayer = trace.output;
    this.layers = trace.root.children;
    this.#full = full;
  }

  /** All modules up to the cut by name, the root's being `""`, in PyTorch's order. */
  namedModules(): Map<string, Module> {
    this.requireAlive();
    return new Map([...modulesOf(this.trace.root)].map((m) => [m.name, m]));
  }

  /** Names of all nodes up to the cut, in the order of the forward pass. */
  nodes(): string[] {
    this.requireAlive();
    return [...this.trace.nodes.keys()];
  }

  /**
   * The node that a name means: itself, or the output of the module of that name.
   *
   * @throws {RangeError} If the name is unknown or lies behind the cut.
   */
  resolveNode(name: string): string {
    this.requireAlive();
    return resolveNode(this.trace, this.#full, name);
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
    return inferShapes(this.trace, input);
  }

  /** Channels of the input. */
  get inChannels(): number {
    return (this.layers.get("conv1") as Conv2d).inChannels;
  }

  /**
   * Throws if the network may not be used any more.
   *
   * @internal
   */
  protected requireAlive(): void {}
}
