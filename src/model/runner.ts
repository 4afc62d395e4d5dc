/**
 * Passes through a model: hooks, plans that are kept, and the loans of each pass.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { makePlan, type Value } from "../graph/plan.ts";
import { PreparedPlan } from "../graph/run.ts";
import { INPUT, type Trace } from "../arch/trace.ts";
import { fireHooks, type HookedPass, hookedPass } from "./hooked_pass.ts";
import { Hooks } from "./hooks.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { Loans } from "./loans.ts";
import type { Parameters } from "./parameters.ts";

/** Plans kept for use again; more shapes and kinds of calls in turn than that are rare. */
const maxPlans = 16;

/** Runs one network, as often as it is asked to. */
export class Runner {
  /** Called in every pass that meets them. */
  readonly hooks = new Hooks();
  /** Those used last stand last. */
  readonly #plans = new Map<string, PreparedPlan>();
  /** Passes that run; more than one if a hook calls the model. */
  #passes = 0;

  /** The weights stay their owner's. */
  constructor(
    readonly trace: Trace,
    readonly kernels: Kernels,
    readonly parameters: Parameters,
  ) {}

  /**
   * Computes nodes in one pass, no further than the deepest of them.
   *
   * @param x The value that the pass starts from, which stays the caller's.
   * @param outputs The nodes.
   * @param given The name of that value.
   * @returns The nodes' values, the caller's.
   */
  run(
    x: Tensor4D,
    outputs: readonly Value[],
    given: Value = INPUT,
  ): Map<Value, Tensor> {
    const pass = hookedPass(this.trace, this.hooks, outputs, given);
    const plan = this.#plan(pass, x.shape);
    const loans = new Loans(this.kernels.copy);
    this.#passes++;
    try {
      return plan.run(
        x,
        outputs,
        (made, values) => fireHooks(pass, this.hooks, made, values, loans),
      );
    } finally {
      this.#passes--;
      loans.end();
    }
  }

  /** Frees what was laid out. A pass that runs throws where it would go on. */
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
      plan = new PreparedPlan(makePlan(trace, watched, given), given, stops, {
        kernels: this.kernels,
        weights: (module) => this.parameters.get(module),
      });
    }
    this.#plans.set(key, plan);
    return plan;
  }

  /** Gives up the plan that was used longest ago, unless it may be one that runs. */
  #makeRoom(): void {
    if (this.#plans.size < maxPlans || this.#passes > 0) return;
    const [[oldest, plan]] = this.#plans;
    plan.dispose();
    this.#plans.delete(oldest);
  }
}
