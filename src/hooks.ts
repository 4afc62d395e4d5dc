/**
 * Forward hooks: who is called with what, and who owns the tensors meanwhile.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Module } from "./arch/module.ts";
import type { Value } from "./graph/plan.ts";
import { type Call, INPUT } from "./graph/trace.ts";
import { Loans } from "./loans.ts";

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

/** What registering a hook gives. */
export interface HookHandle {
  /** Takes the hook away. Safe to call twice, and inside the hook itself. */
  remove(): void;
}

/** The hooks of one model. */
export class Hooks {
  readonly #hooks = new Map<string, Set<{ hook: ForwardHook }>>();

  /** Adds a hook to the module of that name. */
  add(module: string, hook: ForwardHook): HookHandle {
    const entry = { hook };
    const hooks = this.#hooks.get(module) ?? new Set();
    this.#hooks.set(module, hooks.add(entry));
    return {
      remove: () => {
        hooks.delete(entry);
        if (hooks.size === 0) this.#hooks.delete(module);
      },
    };
  }

  /** Those of the calls that somebody has a hook on. */
  hooked(calls: readonly Call[]): Call[] {
    return calls.filter((call) => this.#hooks.has(call.module.name));
  }

  /**
   * Calls the hooks of the module calls that return one node, inner modules' first, those of one
   * module in the order of registration.
   *
   * @returns A tensor that takes the node's place and belongs to the run, if there is one.
   */
  fire(
    calls: readonly Call[],
    values: ReadonlyMap<Value, Tensor>,
    loans: Loans,
  ): Tensor | undefined {
    let replacement: Tensor | undefined;
    try {
      for (const { module, input, output } of calls) {
        for (const { hook } of [...this.#hooks.get(module.name) ?? []]) {
          const inputs = [loans.lend(values.get(input)!)] as const;
          const lent = loans.lend(replacement ?? values.get(output)!);
          const result: unknown = hook(module, inputs, lent);
          if (result === undefined || result === null || result === lent) {
            continue;
          }
          const next = loans.take(requireTensor(result, module.name), lent);
          replacement?.dispose();
          replacement = next;
          requireSameShape(next, lent, module.name);
        }
      }
    } catch (error) {
      replacement?.dispose();
      throw error;
    }
    return replacement;
  }
}

/** Nodes that must exist so that these calls' hooks can be given inputs and outputs. */
export function watchedBy(calls: readonly Call[]): Value[] {
  return calls.flatMap(({ input, output }) => [input, output])
    .filter((value) => value !== INPUT);
}

function requireTensor(result: unknown, module: string): Tensor {
  const hook = `the forward hook on "${module}"`;
  if (typeof (result as PromiseLike<unknown>).then === "function") {
    (result as PromiseLike<unknown>).then(
      (late) => (late as Tensor | undefined)?.dispose?.(),
      () => {},
    );
    throw new TypeError(
      `${hook} returned a promise: a hook runs inside forward and can't be waited for; ` +
        `return a tensor or nothing`,
    );
  }
  if (!Array.isArray((result as Partial<Tensor>).shape)) {
    throw new TypeError(
      `${hook} returned ${typeof result}: a tensor or nothing is allowed`,
    );
  }
  return result as Tensor;
}

function requireSameShape(
  { dtype, shape }: Tensor,
  output: Tensor,
  module: string,
): void {
  if (`${shape}` === `${output.shape}` && dtype === output.dtype) return;
  throw new TypeError(
    `the forward hook on "${module}" returned ${dtype} [${shape}]: only ${output.dtype} ` +
      `[${output.shape}] can take the output's place`,
  );
}
