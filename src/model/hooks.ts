/**
 * Forward hooks: who is called with what, and who owns the tensors meanwhile.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Module } from "../arch/module.ts";
import type { Value } from "../graph/plan.ts";
import type { ModuleCall } from "../arch/trace.ts";
import type { Loans } from "./loans.ts";

/**
 * Called after each call of a module, as by PyTorch's `register_forward_hook`.
 *
 * The tensors are NHWC and valid until `forward` returns; `clone()` keeps one. A tensor that is
 * returned takes the output's place: if it was made inside the hook, the model takes it over,
 * any other stays its owner's.
 */
export type ForwardHook = (
  module: Module,
  inputs: readonly [Tensor],
  output: Tensor,
) => Tensor | void;

/**
 * Called before each call of a module, as by PyTorch's `register_forward_pre_hook`.
 *
 * What holds for a {@linkcode ForwardHook}'s tensors holds here; a tensor that is returned takes
 * the input's place, for this module only.
 */
export type ForwardPreHook = (
  module: Module,
  inputs: readonly [Tensor],
) => Tensor | void;

/** What registering a hook gives. */
export interface HookHandle {
  /** Takes the hook away. Safe to call twice, and inside the hook itself. */
  remove(): void;
}

/** Hooks of one kind, by module, in the order of registration. */
class HookTable<Hook> {
  readonly #entries = new Map<string, Set<{ hook: Hook }>>();

  add(module: string, hook: Hook): HookHandle {
    const entry = { hook };
    const entries = this.#entries.get(module) ?? new Set();
    this.#entries.set(module, entries.add(entry));
    return {
      remove: () => {
        entries.delete(entry);
        if (entries.size === 0) this.#entries.delete(module);
      },
    };
  }

  has(module: string): boolean {
    return this.#entries.has(module);
  }

  /** As they are now: a hook that removes another in the meantime comes too late, as in PyTorch. */
  of(module: string): Hook[] {
    return [...this.#entries.get(module) ?? []].map(({ hook }) => hook);
  }
}

/** The hooks of one model. */
export class Hooks {
  /** Those that are called with a module's output. */
  readonly forward: HookTable<ForwardHook> = new HookTable();
  /** Those that are called with a module's input. */
  readonly pre: HookTable<ForwardPreHook> = new HookTable();

  /**
   * Calls the forward hooks of the module calls that return one node, inner modules' first.
   *
   * @returns A tensor that takes the node's place and belongs to the run, if there is one.
   */
  fireForward(
    calls: readonly ModuleCall[],
    values: ReadonlyMap<Value, Tensor>,
    loans: Loans,
  ): Tensor | undefined {
    return calls.reduce((before: Tensor | undefined, call) => {
      const output = values.get(call.output)!;
      const input = values.get(call.input)!;
      const hooks = this.forward.of(call.module.name).map((hook) => ({
        what: `the forward hook on "${call.module.name}"`,
        place: "output",
        run: (value: Tensor) => hook(call.module, [loans.lend(input)], value),
      }));
      return inTurn(hooks, output, before, loans);
    }, undefined);
  }

  /** Calls the pre-hooks of a module call; the value is the input of its own that it was given. */
  firePre(
    { module }: ModuleCall,
    input: Tensor,
    loans: Loans,
  ): Tensor | undefined {
    const hooks = this.pre.of(module.name).map((hook) => ({
      what: `the forward pre-hook on "${module.name}"`,
      place: "input",
      run: (value: Tensor) => hook(module, [value]),
    }));
    return inTurn(hooks, input, undefined, loans);
  }
}

/** A hook with its module filled in, and how messages call it. */
interface BoundHook {
  readonly what: string;
  readonly place: string;
  run(value: Tensor): unknown;
}

/** Runs hooks on a value, each on what the one before made of it; disposes what is replaced. */
function inTurn(
  hooks: readonly BoundHook[],
  value: Tensor,
  before: Tensor | undefined,
  loans: Loans,
): Tensor | undefined {
  let replacement = before;
  try {
    for (const hook of hooks) {
      const lent = loans.lend(replacement ?? value);
      const result = hook.run(lent);
      if (result === undefined || result === null || result === lent) continue;
      const next = loans.take(requireTensor(result, hook), lent);
      replacement?.dispose();
      replacement = next;
      requireSameShape(next, lent, hook);
    }
  } catch (error) {
    replacement?.dispose();
    throw error;
  }
  return replacement;
}

function requireTensor(result: unknown, { what }: BoundHook): Tensor {
  if (typeof (result as PromiseLike<unknown>).then === "function") {
    (result as PromiseLike<unknown>).then(
      (late) => (late as Tensor | undefined)?.dispose?.(),
      () => {},
    );
    throw new TypeError(
      `${what} returned a promise: a hook runs inside forward and can't be waited for; ` +
        `return a tensor or nothing`,
    );
  }
  if (!Array.isArray((result as Partial<Tensor>).shape)) {
    throw new TypeError(
      `${what} returned ${typeof result}: a tensor or nothing is allowed`,
    );
  }
  return result as Tensor;
}

function requireSameShape(
  { dtype, shape }: Tensor,
  wanted: Tensor,
  { what, place }: BoundHook,
): void {
  if (`${shape}` === `${wanted.shape}` && dtype === wanted.dtype) return;
  throw new TypeError(
    `${what} returned ${dtype} [${shape}]: only ${wanted.dtype} [${wanted.shape}] ` +
      `can take the ${place}'s place`,
  );
}
