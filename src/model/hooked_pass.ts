/**
 * One pass through a network, and the hooks on its way.
 *
 * @module
 */

import type { Tensor } from "@tensorflow/tfjs-core";
import { groupBy } from "../graph/group_by.ts";
import { ownInputOf, withOwnInputs } from "../graph/hooked_inputs.ts";
import type { Value } from "../graph/plan.ts";
import { deepestOf, type ModuleCall, type Trace } from "../arch/trace.ts";
import type { Hooks } from "./hooks.ts";
import type { Loans } from "./loans.ts";
import type { HookKind, PassRecord } from "./pass_record.ts";

/** What a pass computes, and the module calls that have hooks. */
export interface HookedPass {
  /** The model's trace; calls with pre-hooks have an input of their own. */
  readonly trace: Trace;
  /** The value that the pass starts from. */
  readonly given: Value;
  /** Values that must exist: the outputs, and the hooks' arguments. */
  readonly watched: ReadonlySet<Value>;
  /** Calls with pre-hooks, by their own input. */
  readonly before: ReadonlyMap<Value, ModuleCall>;
  /** Calls with forward hooks, by the node that they return. */
  readonly after: ReadonlyMap<Value, readonly ModuleCall[]>;
}

/** Finds the hooks of a pass from one value to the deepest of the outputs. */
export function hookedPass(
  trace: Trace,
  isHooked: (kind: HookKind, call: ModuleCall) => boolean,
  outputs: readonly Value[],
  given: Value,
): HookedPass {
  const order = [...trace.nodes.keys()];
  const reached = new Set(order.slice(
    order.indexOf(given) + 1,
    order.indexOf(deepestOf(trace, outputs)) + 1,
  ));
  const entered = trace.calls.filter((call) =>
    isHooked("pre", call) && reached.has(call.nodes[0])
  );
  const own = withOwnInputs(trace, entered);
  const returned = own.calls.filter((call) =>
    isHooked("forward", call) && call.nodes.every((name) => reached.has(name))
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
 * Calls the hooks of a value that was just made.
 *
 * @returns A tensor that replaces the value, if a hook returned one; it belongs to the run.
 */
export function fireHooks(
  { before, after }: HookedPass,
  hooks: Hooks,
  made: Value,
  values: ReadonlyMap<Value, Tensor>,
  loans: Loans,
  record: PassRecord,
): Tensor | undefined {
  const entered = before.get(made);
  return entered
    ? hooks.firePre(entered, values.get(made)!, loans, record)
    : hooks.fireForward(after.get(made) ?? [], values, loans, record);
}
