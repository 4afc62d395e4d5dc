/**
 * Forward hooks: when they are called, with what, and who owns the tensors.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import type { Module } from "../arch/module.ts";
import { asIs, expected } from "../errors/expected.ts";
import type { Value } from "../graph/plan.ts";
import type { ModuleCall } from "../arch/trace.ts";
import type { Loans } from "./loans.ts";
import type { PassRecord } from "./pass_record.ts";

/**
 * Called after each call of a module, as by PyTorch's `register_forward_hook`.
 *
 * The tensors are NHWC and valid until `forward` returns; `clone()` one to keep it. A tensor that the
 * hook returns replaces the output. If it was created inside the hook, the model disposes it; any
 * other stays its owner's.
 */
export type ForwardHook<Output extends Tensor = Tensor> = (
  module: Module,
  inputs: readonly [Tensor],
  output: Output,
) => Tensor | void;

/**
 * Called before each call of a module, as by PyTorch's `register_forward_pre_hook`.
 *
 * Its tensors follow the rules of {@linkcode ForwardHook}. A tensor that the hook returns replaces the
 * input of this module alone.
 */
export type ForwardPreHook = (
  module: Module,
  inputs: readonly [Tensor],
) => Tensor | void;

/** Removes a hook. */
export interface HookHandle {
  /** Removes the hook. Safe to call twice, and inside the hook itself. */
  remove(): void;
}

/** Hooks of one kind, by module, in the order of registration. */
class HookTable<Hook> {
  readonly #entries = new Map<string, Set<{ hook: Hook }>>();

  /** @param onModule Called when a module gets its first hook. */
  constructor(private readonly onModule: () => void) {}

  add(module: string, hook: Hook): HookHandle {
    if (typeof hook !== "function") {
      throw new TypeError(expected(`hook on "${module}"`, "a function", hook));
    }
    const entry = { hook };
    const entries = this.#entries.get(module) ?? new Set();
    if (entries.size === 0) this.onModule();
    this.#entries.set(module, entries.add(entry));
    return {
      remove: () => {
        entries.delete(entry);
        if (entries.size === 0) this.#entries.delete(module);
      },
    };
  }

  /** The modules that have hooks. */
  modules(): Iterable<string> {
    return this.#entries.keys();
  }

  has(module: string): boolean {
    return this.#entries.has(module);
  }

  /** A copy: a hook that removes another one while they run comes too late, as in PyTorch. */
  of(module: string): Hook[] {
    return [...this.#entries.get(module) ?? []].map(({ hook }) => hook);
  }
}

/** The hooks of one model. */
export class Hooks {
  /** How often a module got its first hook. */
  version = 0;
  readonly #count = () => void this.version++;
  /** Called with a module's output. */
  readonly forward: HookTable<ForwardHook> = new HookTable(this.#count);
  /** Called with a module's input. */
  readonly pre: HookTable<ForwardPreHook> = new HookTable(this.#count);

  /** The modules that have hooks of any kind. */
  modules(): Set<string> {
    return new Set([...this.forward.modules(), ...this.pre.modules()]);
  }

  /**
   * Calls the forward hooks of the module calls that return one node, inner modules' first.
   *
   * @returns A tensor that replaces the node's value, if a hook returned one; it belongs to the run.
   */
  fireForward(
    calls: readonly ModuleCall[],
    values: ReadonlyMap<Value, Tensor>,
    loans: Loans,
    record: PassRecord,
  ): Tensor | undefined {
    return calls.reduce((before: Tensor | undefined, call) => {
      const output = values.get(call.output)!;
      const input = values.get(call.input)!;
      const { name } = call.module;
      return record.once("forward", call, before, () => {
        const hooks = this.forward.of(name).map((hook) => ({
          what: `forward hook on "${name}"`,
          run: (value: Tensor) => hook(call.module, [loans.lend(input)], value),
        }));
        return inTurn(hooks, output, before, loans);
      });
    }, undefined);
  }

  /** Calls the pre-hooks of a module call, which has an input of its own. */
  firePre(
    call: ModuleCall,
    input: Tensor,
    loans: Loans,
    record: PassRecord,
  ): Tensor | undefined {
    const { module } = call;
    return record.once("pre", call, undefined, () => {
      const hooks = this.pre.of(module.name).map((hook) => ({
        what: `forward pre-hook on "${module.name}"`,
        run: (value: Tensor) => hook(module, [value]),
      }));
      return inTurn(hooks, input, undefined, loans);
    });
  }
}

/** A hook bound to its module. */
interface BoundHook {
  /** What messages call it. */
  readonly what: string;
  run(value: Tensor): unknown;
}

/** Runs hooks on a value, each on the result of the one before; disposes replaced results. */
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
  const fail = (got: unknown, then?: string) =>
    new TypeError(expected(what, "a tensor or nothing", got, then));
  if (typeof (result as PromiseLike<unknown>).then === "function") {
    (result as PromiseLike<unknown>).then(
      (late) => (late as Tensor | undefined)?.dispose?.(),
      () => {},
    );
    throw fail(asIs("a Promise"), "a hook can't be async");
  }
  if (!Array.isArray((result as Partial<Tensor>).shape)) throw fail(result);
  void (result as Tensor).dataId; // One that was lent in an earlier pass says so.
  if ((result as Tensor).isDisposed) {
    const got = asIs("one that was disposed");
    throw new Error(expected(what, "a live tensor or nothing", got));
  }
  return result as Tensor;
}

function requireSameShape(
  result: Tensor,
  value: Tensor,
  { what }: BoundHook,
): void {
  const [got, wanted] = [result, value].map(({ dtype, shape }) =>
    `${dtype} [${shape.join(", ")}]`
  );
  if (got === wanted) return;
  throw new TypeError(expected(what, wanted, asIs(got)));
}
