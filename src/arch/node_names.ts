/**
 * From the names that users write to nodes and modules, and what to say of a wrong one.
 *
 * @module
 */

import { modulesOf } from "./module.ts";
import { nearest, quoted } from "../errors/nearest.ts";
import type { ModuleCall, Trace } from "./trace.ts";

/**
 * The node of that name, or the output of the module of that name.
 *
 * `layer1.0.relu` is both; as a node it is the first call.
 *
 * @param full The whole network, of which `trace` is the front.
 * @throws {RangeError} If there is no such node, or if it lies behind the cut.
 */
export function resolveNode(trace: Trace, full: Trace, name: string): string {
  if (typeof name !== "string") {
    throw new TypeError(
      `a node is named by a string: got ${typeof name}, e.g. "layer4" is allowed`,
    );
  }
  const find = ({ nodes, calls }: Trace) =>
    nodes.has(name)
      ? name
      : name === ""
      ? undefined
      : calls.find((call) => call.module.name === name)?.output;
  const node = find(trace);
  if (node !== undefined) return node;
  if (find(full) !== undefined) throw behindTheCut(trace, `node "${name}"`);
  throw unknownName(full, "node", name);
}

/**
 * The calls of a module that a hook on it sees, in order.
 *
 * @throws {RangeError} If the name is no module's (a node such as `layer1.0.add` is none), or if
 *   its output lies behind the cut.
 */
export function callsOf(trace: Trace, full: Trace, name: string): ModuleCall[] {
  const calls = trace.calls.filter((call) => call.module.name === name);
  if (calls.length > 0) return calls;
  if (full.calls.some((call) => call.module.name === name)) {
    throw behindTheCut(trace, `the output of module "${name}"`);
  }
  const node = full.nodes.get(name);
  if (!node) throw unknownName(full, "module", name);
  const instead = node.module
    ? `hook "${node.module.name}", whose hook fires for each of its calls`
    : `extract(x, ["${name}"]) gives its value`;
  throw new RangeError(
    `cannot hook "${name}": it is a node and no module; ${instead}`,
  );
}

function behindTheCut(trace: Trace, what: string): RangeError {
  return new RangeError(
    `${what} lies behind the cut: this model ends with "${trace.output}"; ` +
      `create or truncate it further back, or without an outputLayer`,
  );
}

function unknownName(
  trace: Trace,
  kind: "node" | "module",
  name: string,
): RangeError {
  const modules = [...modulesOf(trace.root)].map((module) => module.name);
  const names = kind === "module"
    ? modules
    : [...new Set([...trace.nodes.keys(), ...modules])];
  const near = nearest(name, names.filter((n) => n !== ""));
  return new RangeError(
    `no ${kind} "${name}": the nearest are ${quoted(near)}; ` +
      (kind === "node" ? "nodes() lists all" : "namedModules() lists all"),
  );
}
