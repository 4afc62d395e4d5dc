/**
 * Passes through a model: hooks, plans that are kept, and the loans of each pass.
 *
 * @module
 */

import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { makePlan, type Step, type Value } from "../graph/plan.ts";
import { runPlan } from "../graph/run.ts";
import { INPUT, type Trace } from "../graph/trace.ts";
import { fireHooks, type HookedPass, hookedPass } from "./hooked_pass.ts";
import { Hooks } from "./hooks.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { Loans } from "./loans.ts";
import type { Parameters } from "./parameters.ts";

/** Plans kept for use again; more kinds of calls than that are rare. */
const maxPlans = 32;

/** Runs one network, as often as it is asked to. */
export class Runner {
  /** Called in every pass that meets them. */
  readonly hooks = new Hooks();
  readonly #plans = new Map<string, Step[]>();

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
    const loans = new Loans(this.kernels.copy);
    try {
      return runPlan(this.#steps(pass), [given, x], outputs, {
        kernels: this.kernels,
        weights: (module) => this.parameters.get(module),
        observe: (made, values) =>
          fireHooks(pass, this.hooks, made, values, loans),
      });
    } finally {
      loans.end();
    }
  }

  #steps({ trace, given, watched, before }: HookedPass): Step[] {
    const key = [given, ...before.keys(), "to", ...watched].join();
    let steps = this.#plans.get(key);
    if (!steps) {
      steps = makePlan(trace, watched, given);
      if (this.#plans.size >= maxPlans) this.#plans.clear();
      this.#plans.set(key, steps);
    }
    return steps;
  }
}
