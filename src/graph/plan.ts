/**
 * Lowering: from nodes, some of them watched, to a plan: a short list of fused steps.
 *
 * A convolution, its batch norm, and the addition and ReLU after it are one step, unless one of the
 * values in between is watched. A watched node ends the fusion, so that its value exists; other nodes
 * cost nothing.
 *
 * @module
 */

import type { AvgPool2d, Conv2d, Linear, MaxPool2d } from "../arch/module.ts";
import { groupBy } from "./group_by.ts";
import { INPUT, type Trace, type TraceNode } from "../arch/trace.ts";

/** Name of a value: a node or the input. */
export type Value = string;

/** What happens to a step's result before it is stored, in this order. */
export interface Fused {
  /** A value to add. */
  readonly residual?: Value;
  readonly relu?: boolean;
}

/** The kernel that a step calls; `kernels/operations.ts` documents each. */
export type Operation =
  | ({ readonly kind: "conv2d"; readonly module: Conv2d } & Fused)
  | { readonly kind: "unfoldedConv2d"; readonly module: Conv2d }
  | ({ readonly kind: "batchNorm"; readonly conv: Conv2d } & Fused)
  | ({ readonly kind: "elementwise" } & Fused)
  | { readonly kind: "maxPool"; readonly module: MaxPool2d }
  | { readonly kind: "smallAvgPool"; readonly module: AvgPool2d }
  | { readonly kind: "avgPool" }
  | { readonly kind: "flatten" }
  | { readonly kind: "passThrough" }
  | { readonly kind: "linear"; readonly module: Linear };

/** One call of a kernel. */
export interface Step {
  readonly operation: Operation;
  readonly input: Value;
  /** The nodes that it computes. */
  readonly nodes: readonly Value[];
  /** The last of them, whose value is stored. */
  readonly output: Value;
  /** Values that no later step needs. */
  readonly dead: readonly Value[];
}

/**
 * Plans the steps that compute the watched nodes, and nothing more.
 *
 * @param watched Nodes whose values must exist, to the end of the pass.
 * @param given The value that the pass starts from.
 */
export function makePlan(
  trace: Trace,
  watched: ReadonlySet<Value>,
  given: Value = INPUT,
): Step[] {
  const nodes = withoutIdentities(ancestors(trace, watched, given), watched);
  const consumers = groupBy(
    nodes.flatMap((node) => node.inputs.map((input) => ({ input, node }))),
    ({ input }) => input,
  );
  /** The next node, if no other one needs the value in between. */
  const follower = (
    node: TraceNode,
    operation: TraceNode["operation"],
  ): TraceNode | undefined => {
    const users = consumers.get(node.name) ?? [];
    if (watched.has(node.name) || users.length !== 1) return undefined;
    const next = users[0].node;
    const isNext = next.operation === operation &&
      next.inputs[0] === node.name;
    return isNext ? next : undefined;
  };
  const position = new Map(nodes.map(({ name }, i) => [name, i]));
  const fused = new Set<string>();
  const steps: Omit<Step, "dead">[] = [];
  for (const node of nodes) {
    if (fused.has(node.name)) continue;
    let last = node;
    const inside = [node.name];
    const absorb = (operation: TraceNode["operation"]) => {
      const next = follower(last, operation);
      if (next) {
        last = next;
        fused.add(next.name);
        inside.push(next.name);
      }
      return next;
    };
    steps.push({
      operation: lower(trace, node, absorb),
      input: node.inputs[0],
      nodes: inside,
      output: last.name,
    });
  }
  // A fused step runs at the place of its last node, where its residual exists.
  steps.sort((a, b) => position.get(a.output)! - position.get(b.output)!);
  return withLifetimes(steps, new Set([given, ...watched]));
}

/** The operation that starts at a node; `absorb` fuses the next node, if it can. */
function lower(
  trace: Trace,
  node: TraceNode,
  absorb: (
    operation: "BatchNorm2d" | "add" | "ReLU",
  ) => TraceNode | undefined,
): Operation {
  const relu = () => absorb("ReLU") !== undefined;
  const epilogue = (): Fused => {
    const residual = absorb("add")?.inputs[1];
    return { residual, relu: relu() };
  };
  switch (node.operation) {
    case "Conv2d": {
      const { module } = node;
      return absorb("BatchNorm2d")
        ? { kind: "conv2d", module, ...epilogue() }
        : { kind: "unfoldedConv2d", module };
    }
    case "BatchNorm2d": {
      const conv = convBefore(trace, node);
      return { kind: "batchNorm", conv, ...epilogue() };
    }
    case "add":
      return { kind: "elementwise", residual: node.inputs[1], relu: relu() };
    case "ReLU":
      return { kind: "elementwise", relu: true };
    case "MaxPool2d":
      return { kind: "maxPool", module: node.module };
    case "AvgPool2d":
      return { kind: "smallAvgPool", module: node.module };
    case "AdaptiveAvgPool2d":
      return { kind: "avgPool" };
    case "Linear":
      return { kind: "linear", module: node.module };
    case "Flatten":
    case "flatten":
      return { kind: "flatten" };
    case "Identity":
    case "passThrough":
      return { kind: "passThrough" };
    default:
      return node satisfies never;
  }
}

/** The convolution whose weights hold a batch norm. */
function convBefore(trace: Trace, { inputs }: TraceNode): Conv2d {
  const input = trace.nodes.get(inputs[0])!;
  return input.operation === "passThrough"
    ? convBefore(trace, input)
    : input.module as Conv2d;
}

/** The watched nodes and all that they depend on, in order, back to the given value. */
function ancestors(
  trace: Trace,
  watched: ReadonlySet<Value>,
  given: Value,
): TraceNode[] {
  const needed = new Set(watched);
  const nodes: TraceNode[] = [];
  for (const node of [...trace.nodes.values()].reverse()) {
    if (!needed.has(node.name) || node.name === given) continue;
    nodes.unshift(node);
    for (const input of node.inputs) needed.add(input);
  }
  return nodes;
}

/** The nodes without the identities that nobody watches. */
function withoutIdentities(
  nodes: readonly TraceNode[],
  watched: ReadonlySet<Value>,
): TraceNode[] {
  const same = new Map<Value, Value>();
  return nodes.flatMap((node) => {
    const inputs = node.inputs.map((input) => same.get(input) ?? input);
    if (node.operation !== "Identity" || watched.has(node.name)) {
      return [{ ...node, inputs }];
    }
    same.set(node.name, inputs[0]);
    return [];
  });
}

/** Values that a step reads. */
export function readBy({ operation, input }: Omit<Step, "dead">): Value[] {
  const { residual } = operation as Fused;
  return residual ? [input, residual] : [input];
}

/** Adds to each step the values that it is the last to read. */
function withLifetimes(
  steps: readonly Omit<Step, "dead">[],
  kept: ReadonlySet<Value>,
): Step[] {
  const alive = new Set(kept);
  return steps.toReversed().map((step) => {
    const read = readBy(step);
    const dead = read.filter((value) => !alive.has(value));
    for (const value of read) alive.add(value);
    return { ...step, dead };
  }).reverse();
}
