/**
 * One pass through a network with the hooks that it meets.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import { groupBy } from "../graph/group_by.ts";
import { ownInputOf, withOwnInputs } from "../graph/hooked_inputs.ts";
import type { Value } from "../graph/plan.ts";
import type { ModuleCall, Trace } from "../arch/trace.ts";
import type { Hooks } from "./hooks.ts";
import type { Loans } from "./loans.ts";

/** What a pass computes, and which calls of modules somebody has a hook on. */
export interface HookedPass {
  /** The model's trace, with own inputs for the calls that have pre-hooks. */
  readonly trace: Trace;
  /** The value that the pass starts from. */
  readonly given: Value;
  /** Values that must exist: the outputs, and what the hooks are given. */
  readonly watched: ReadonlySet<Value>;
  /** Calls with pre-hooks, by their own input. */
  readonly before: ReadonlyMap<Value, ModuleCall>;
  /** Calls with forward hooks, by the node that they return. */
  readonly after: ReadonlyMap<Value, readonly ModuleCall[]>;
}

/** Lays out a pass from one value to the deepest of the outputs. */
export function hookedPass(
  trace: Trace,
  hooks: Hooks,
  outputs: readonly Value[],
  given: Value,
): HookedPass {
  const order = [...trace.nodes.keys()];
  const wanted = new Set(outputs);
  const reached = new Set(order.slice(
    order.indexOf(given) + 1,
    order.findLastIndex((name) => wanted.has(name)) + 1,
  ));
  const entered = trace.calls.filter(({ module, nodes }) =>
    hooks.pre.has(module.name) && reached.has(nodes[0])
  );
  const own = withOwnInputs(trace, entered);
  const returned = own.calls.filter(({ module, nodes }) =>
    hooks.forward.has(module.name) && nodes.every((name) => reached.has(name))
  );
  return {
    trace: own,
    given,
    watched: new Set([
      ...outputs,
      ...returned.flatMap(({ input, output }) => [input, output]),
    ]),
    before: new Map(entered.map((call) => [ownInputOf(call), call])),
    after: groupBy(returned, ({ output }) => output),
  };
}

/**
 * Calls the hooks that are due when a value has been made.
 *
 * @returns A tensor that takes the value's place and belongs to the run, if there is one.
 */
export function fireHooks(
  { before, after }: HookedPass,
  hooks: Hooks,
  made: Value,
  values: ReadonlyMap<Value, Tensor>,
  loans: Loans,
): Tensor | undefined {
  const entered = before.get(made);
  return entered
    ? hooks.firePre(entered, values.get(made)!, loans)
    : hooks.fireForward(after.get(made) ?? [], values, loans);
}
