/**
 * Hooks that add hooks during a pass.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { ModuleCall } from "../arch/trace.ts";
import type { Value } from "../graph/plan.ts";

/** Whether hooks are called with a module's output, or with its input. */
export type HookKind = "forward" | "pre";

/** A module call whose hooks were called, and what replaces its value since then. */
interface Called {
  readonly kind: HookKind;
  readonly call: ModuleCall;
  readonly replacement?: Tensor;
}

/** Ends a pass that must start anew. */
class NewHooks extends Error {}

/**
 * What the hooks of a pass did. A plan stops only at the modules that had hooks when the pass began; if
 * a hook adds one to another module, the pass starts anew with a plan that stops there, too, and what
 * was called before isn't called again. As in PyTorch, a new hook sees the calls that begin later; one
 * that is under way only if its module had a hook when it began.
 */
export class PassRecord {
  readonly #called: Called[] = [];
  /** Calls of this attempt that an earlier one made. */
  #repeated = 0;
  #version = 0;
  /** Modules that had hooks when this attempt began. */
  readonly #known: Set<string>;
  /** The others, and where the pass was when they got hooks. */
  readonly #added = new Map<string, Called>();

  /**
   * @param order The nodes of the pass.
   * @param hooks The model's hooks.
   * @param copy Makes a tensor with memory of its own.
   */
  constructor(
    private readonly order: readonly Value[],
    private readonly hooks: {
      readonly version: number;
      modules(): Set<string>;
    },
    private readonly copy: (tensor: Tensor) => Tensor,
  ) {
    this.#known = hooks.modules();
  }

  /** Runs attempts until none is interrupted by new hooks. */
  run<R>(attempt: () => R): R {
    for (;;) {
      this.#version = this.hooks.version;
      this.#repeated = 0;
      try {
        return attempt();
      } catch (error) {
        if (!(error instanceof NewHooks)) throw error;
      }
    }
  }

  /** Whether a call's hooks were called; since then, they may have been removed. */
  has(kind: HookKind, { module, output }: ModuleCall): boolean {
    return this.#called.some((called) =>
      called.kind === kind && called.call.module === module &&
      called.call.output === output
    );
  }

  /** Whether a call's hooks see it, by the time they were added. */
  sees({ module, nodes: [first] }: ModuleCall): boolean {
    const added = this.#added.get(module.name);
    if (!added) return true;
    const { kind, call } = added;
    const now = this.order.indexOf(
      kind === "forward" ? call.output : call.nodes[0],
    );
    const start = this.order.indexOf(first);
    const { name } = call.module;
    const isInside = name === "" || module.name.startsWith(`${name}.`);
    return start > now || start === now && kind === "pre" && isInside;
  }

  /**
   * Calls a call's hooks, unless an earlier attempt did, or had passed it.
   *
   * @param before What replaces the value so far.
   * @returns What replaces it then; both belong to the run.
   */
  once(
    kind: HookKind,
    call: ModuleCall,
    before: Tensor | undefined,
    run: () => Tensor | undefined,
  ): Tensor | undefined {
    if (this.#repeated < this.#called.length) {
      const next = this.#called[this.#repeated];
      const isNext = next.kind === kind && next.call.module === call.module &&
        next.call.output === call.output;
      if (!isNext) return before;
      this.#repeated++;
      before?.dispose();
      return next.replacement && this.copy(next.replacement);
    }
    const replacement = run();
    const kept = replacement && this.copy(replacement);
    const called = { kind, call, replacement: kept };
    this.#called.push(called);
    this.#repeated++;
    if (this.hooks.version === this.#version) return replacement;
    for (const module of this.hooks.modules()) {
      if (!this.#known.has(module)) this.#added.set(module, called);
      this.#known.add(module);
    }
    replacement?.dispose();
    throw new NewHooks();
  }

  /** Frees the replacements. */
  dispose(): void {
    for (const { replacement } of this.#called) replacement?.dispose();
  }
}
