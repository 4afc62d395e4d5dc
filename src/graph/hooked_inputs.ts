/**
 * Inputs of their own for module calls, which pre-hooks may change.
 *
 * @module
 */

import type { ModuleCall, Trace, TraceNode } from "../arch/trace.ts";

/** The name of a call's own input, in the trace of {@linkcode withOwnInputs}. */
export const ownInputOf = ({ module, output }: ModuleCall): string =>
  `input of ${module.name || "the network"} for ${output}`;

/**
 * The same trace with an input node of its own for each of the calls: a hook that changes that node
 * changes the module's input alone, and not that of others that read the same value, such as a
 * block's identity branch.
 */
export function withOwnInputs(
  trace: Trace,
  hooked: readonly ModuleCall[],
): Trace {
  // Calls are listed as they return: in reverse, a container comes before what is inside.
  return hooked.toReversed().reduce(withOwnInput, trace);
}

function withOwnInput(trace: Trace, { module, output }: ModuleCall): Trace {
  const call = trace.calls.find((c) =>
    c.module.name === module.name && c.output === output
  )!;
  const inside = new Set(call.nodes);
  const name = ownInputOf(call);
  const rename = (value: string) => value === call.input ? name : value;
  const nodes = new Map<string, TraceNode>();
  for (const node of trace.nodes.values()) {
    if (node.name === call.nodes[0]) {
      nodes.set(name, {
        name,
        module: null,
        operation: "passThrough",
        inputs: [call.input],
      });
    }
    nodes.set(
      node.name,
      inside.has(node.name)
        ? { ...node, inputs: node.inputs.map(rename) }
        : node,
    );
  }
  const calls = trace.calls.map((other) =>
    inside.has(other.output) && other.nodes.length <= call.nodes.length
      ? { ...other, input: rename(other.input) }
      : other
  );
  return { ...trace, nodes, calls };
}
