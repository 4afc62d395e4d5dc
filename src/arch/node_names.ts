/**
 * Nodes and modules by name, and errors for unknown names.
 *
 * @module
 */

import { modulesOf } from "./module.ts";
import { either, expected } from "../errors/expected.ts";
import { nearest } from "../errors/nearest.ts";
import type { ModuleCall, Trace } from "./trace.ts";

/** What torchvision's names of the stem's ReLU, the pool and its vector are in ResNet-D. */
const timmNames: ReadonlyMap<string, string> = new Map([
  ["relu", "act1"],
  ["avgpool", "global_pool.pool"],
  ["flatten", "global_pool.flatten"],
]);

/**
 * The node of that name, or the output of the module of that name.
 *
 * `layer1.0.relu` is both: the node is the module's first call. `relu`, `avgpool` and `flatten` are
 * understood in every network.
 *
 * @param full The whole network, of which `trace` is the front.
 * @throws {RangeError} If there is no such node, or it comes after the trace's end.
 */
export function resolveNode(trace: Trace, full: Trace, name: string): string {
  if (typeof name !== "string") {
    throw new TypeError(
      expected("", `a node's name, such as "layer4"`, name),
    );
  }
  const find = ({ nodes, calls }: Trace) => {
    if (nodes.has(name)) return name;
    if (name === "") return undefined;
    const timms = timmNames.get(name);
    if (timms !== undefined && nodes.has(timms)) return timms;
    return calls.find((call) => call.module.name === name)?.output;
  };
  const node = find(trace);
  if (node !== undefined) return node;
  if (find(full) !== undefined) throw afterTheCut(trace, `"${name}"`);
  throw unknownName(full, "node", name);
}

/**
 * The calls of a module that a hook on it sees, in order.
 *
 * @throws {RangeError} If there is no such module (`layer1.0.add` is a node only), or its output
 *   comes after the trace's end.
 */
export function callsOf(trace: Trace, full: Trace, name: string): ModuleCall[] {
  const calls = trace.calls.filter((call) => call.module.name === name);
  if (calls.length > 0) return calls;
  if (full.calls.some((call) => call.module.name === name)) {
    throw afterTheCut(trace, `the output of "${name}"`);
  }
  const node = full.nodes.get(name);
  if (!node) throw unknownName(full, "module", name);
  const instead = node.module
    ? `hook "${node.module.name}", which fires at each of its calls`
    : `read its value with extract(x, ["${name}"])`;
  throw new RangeError(
    `cannot hook "${name}": it is a node, not a module; ${instead}`,
  );
}

function afterTheCut({ output }: Trace, what: string): RangeError {
  return new RangeError(
    `${what} comes after this model's last layer ("${output}"); ` +
      "create the model with a later outputLayer",
  );
}

function unknownName(
  { root, nodes }: Trace,
  kind: "node" | "module",
  name: string,
): RangeError {
  if (name === "fc") {
    return new RangeError("this network has no classification head (fc)");
  }
  const modules = [...modulesOf(root)].map((module) => module.name).slice(1);
  const isNode = kind === "node";
  const names = isNode ? new Set([...nodes.keys(), ...modules]) : modules;
  return new RangeError(
    `there is no ${kind} "${name}"; did you mean ${
      either(nearest(name, names))
    }? ${isNode ? "nodes()" : "namedModules()"} lists all`,
  );
}
