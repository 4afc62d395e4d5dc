/**
 * Passes through a model: its hooks, the plans it keeps, and the loans of each pass.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { makePlan, type Value } from "../graph/plan.ts";
import { PreparedPlan } from "../graph/run.ts";
import { INPUT, type ModuleCall } from "../arch/trace.ts";
import { fireHooks, type HookedPass, hookedPass } from "./hooked_pass.ts";
import { Hooks } from "./hooks.ts";
import { Loans } from "./loans.ts";
import type { ModelParts } from "./parts.ts";
import { type HookKind, PassRecord } from "./pass_record.ts";

/** Plans to keep: more shapes and kinds of calls in turn are rare. */
const maxPlans = 16;

type RunnerParts = Pick<ModelParts, "trace" | "kernels" | "parameters">;

/** Runs one network. */
export class Runner {
  /** Called in every pass that reaches their modules. */
  readonly hooks: Hooks = new Hooks();
  /** In the order of their last use. */
  readonly #plans = new Map<string, PreparedPlan>();
  /** Passes under way; more than one if a hook calls the model. */
  #passes = 0;

  readonly #parts: RunnerParts;

  /** @param parts The weights stay their owner's. */
  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /**
   * Computes nodes in one pass, as far as the deepest of them.
   *
   * @param x The value that the pass starts from; it stays the caller's.
   * @param outputs The nodes.
   * @param given The name of `x`.
   * @returns The nodes' values; they belong to the caller.
   */
  run(
    x: Tensor4D,
    outputs: readonly Value[],
    given: Value = INPUT,
  ): Map<Value, Tensor> {
    const { trace, kernels } = this.#parts;
    const { hooks } = this;
    const loans = new Loans(kernels.copy);
    const order = [...trace.nodes.keys()];
    const record = new PassRecord(order, hooks, kernels.copy);
    this.#passes++;
    try {
      return record.run(() => {
        const isHooked = (kind: HookKind, call: ModuleCall) =>
          record.has(kind, call) ||
          hooks[kind].has(call.module.name) && record.sees(call);
        const pass = hookedPass(trace, isHooked, outputs, given);
        const plan = this.#plan(pass, x.shape);
        return plan.run(
          x,
          outputs,
          (made, values) => fireHooks(pass, hooks, made, values, loans, record),
        );
      });
    } finally {
      this.#passes--;
      loans.end();
      record.dispose();
    }
  }

  /** The same by names for the nodes; two names of one node get two tensors. */
  runNamed<Name extends string>(
    x: Tensor4D,
    nodes: ReadonlyMap<Name, Value>,
  ): Record<Name, Tensor> {
    const values = this.run(x, [...new Set(nodes.values())]);
    const given = new Set<Value>();
    const entries = [...nodes].map(([name, node]) => {
      const value = values.get(node)!;
      const own = given.has(node) ? value.clone() : value;
      given.add(node);
      return [name, own];
    });
    return Object.fromEntries(entries);
  }

  /** Frees the plans. A pass under way then throws. */
  dispose(): void {
    for (const plan of this.#plans.values()) plan.dispose();
    this.#plans.clear();
  }

  #plan(pass: HookedPass, shape: readonly number[]): PreparedPlan {
    const { trace, given, watched, before, after } = pass;
    const stops = new Set([...before.keys(), ...after.keys()]);
    const key = [shape, given, ...stops, "to", ...watched].join();
    let plan = this.#plans.get(key);
    if (plan) this.#plans.delete(key);
    else {
      this.#makeRoom();
      const { kernels, parameters } = this.#parts;
      plan = new PreparedPlan(makePlan(trace, watched, given), given, stops, {
        kernels,
        weights: (module) => parameters.get(module),
      });
    }
    this.#plans.set(key, plan);
    return plan;
  }

  /** Frees the least recently used plan, unless a pass may be using it. */
  #makeRoom(): void {
    if (this.#plans.size < maxPlans || this.#passes > 0) return;
    const [[oldest, plan]] = this.#plans;
    plan.dispose();
    this.#plans.delete(oldest);
  }
}
