/**
 * The nodes that a forward pass computes, in order, and the module calls that they belong to.
 *
 * Names are those of torchvision 0.14's `models/feature_extraction.py`: a module's first call has
 * the module's name, its second the suffix `_1`; operations outside modules are named after their
 * block (`layer1.0.add`, `flatten`). ResNet-D's modules have timm's names, and are called once each.
 *
 * @module
 */

import type { Block, Layer, Module, ResNetRoot } from "./module.ts";

/** The name of the network's input, among the inputs of nodes. */
export const INPUT = "x";

interface NodeBase {
  /** Its name, e.g. `"layer1.0.relu_1"`. */
  readonly name: string;
  /** Names of the nodes that it is computed from, or {@linkcode INPUT}. */
  readonly inputs: readonly string[];
}

/** A value that a module computes. */
type ModuleNode<L extends Layer = Layer> = L extends Layer
  ? NodeBase & { readonly operation: L["type"]; readonly module: L }
  : never;

/** A value that no module computes. */
interface PlainNode extends NodeBase {
  /** `passThrough` returns its input: see `graph/hooked_inputs.ts`. */
  readonly operation: "add" | "flatten" | "passThrough";
  readonly module: null;
}

/** A value of the network, and what computes it. */
export type TraceNode = ModuleNode | PlainNode;

/** A call of a module, which may be a container. */
export interface ModuleCall {
  /** The module that is called. */
  readonly module: Module;
  /** The node that it gets. */
  readonly input: string;
  /** The node that it returns. */
  readonly output: string;
  /** The nodes computed inside, in order. */
  readonly nodes: readonly string[];
}

/** A network, or the front of one, as a list of nodes. */
export interface Trace {
  /** The module tree, without what the nodes never call. */
  readonly root: ResNetRoot;
  /** In the order of the forward pass. */
  readonly nodes: ReadonlyMap<string, TraceNode>;
  /** In the order in which they return: inner modules before their container. */
  readonly calls: readonly ModuleCall[];
  /** The last node: the network's output. */
  readonly output: string;
}

const add = { operation: "add", module: null } as const;
const flatten = { operation: "flatten", module: null } as const;

/** The modules that a block calls in turn; the addition comes before the last one. */
function callsIn({ type, children }: Block): string[] {
  if (!children.has("relu")) {
    // timm registers them in the order of the calls.
    return [...children.keys()].filter((key) => key !== "downsample");
  }
  return type === "BasicBlock"
    ? ["conv1", "bn1", "relu", "conv2", "bn2", "relu"]
    : ["conv1", "bn1", "relu", "conv2", "bn2", "relu", "conv3", "bn3", "relu"];
}

/** Follows the forward pass of a module tree. */
export function traceForward(root: ResNetRoot): Trace {
  const nodes = new Map<string, TraceNode>();
  const calls: ModuleCall[] = [];

  const push = (
    base: string,
    computed: Pick<TraceNode, "operation" | "module">,
    inputs: string[],
  ): string => {
    let name = base;
    for (let i = 1; nodes.has(name); i++) name = `${base}_${i}`;
    nodes.set(name, { ...computed, name, inputs } as TraceNode);
    return name;
  };

  const call = (module: Module, input: string): string => {
    const before = nodes.size;
    const output = forward(module, input);
    const inside = [...nodes.keys()].slice(before);
    calls.push({ module, input, output, nodes: inside });
    return output;
  };

  const chain = (modules: Iterable<Module>, input: string): string => {
    let value = input;
    for (const module of modules) value = call(module, value);
    return value;
  };

  const forwardBlock = (block: Block, input: string): string => {
    const child = (key: string) => block.children.get(key)!;
    const keys = callsIn(block);
    const activation = keys.pop()!;
    const branch = chain(keys.map(child), input);
    const downsample = block.children.get("downsample");
    const identity = downsample ? call(downsample, input) : input;
    const sum = push(`${block.name}.add`, add, [branch, identity]);
    return call(child(activation), sum);
  };

  const forward = (module: Module, input: string): string => {
    switch (module.type) {
      case "ResNet": {
        const modules = [...module.children.values()];
        const head = modules.filter((m) => m.type === "Linear");
        const body = modules.filter((m) => m.type !== "Linear");
        const pooled = chain(body, input);
        const isFlat = nodes.get(pooled)!.operation === "Flatten";
        const flat = isFlat ? pooled : push("flatten", flatten, [pooled]);
        return chain(head, flat);
      }
      case "Sequential":
      case "SelectAdaptivePool2d":
        return chain(module.children.values(), input);
      case "BasicBlock":
      case "Bottleneck":
        return forwardBlock(module, input);
      case "Conv2d":
      case "BatchNorm2d":
      case "ReLU":
      case "MaxPool2d":
      case "AvgPool2d":
      case "AdaptiveAvgPool2d":
      case "Identity":
      case "Flatten":
      case "Linear":
        return push(module.name, { operation: module.type, module }, [input]);
      default:
        return module satisfies never;
    }
  };

  const output = call(root, INPUT);
  return { root, nodes, calls, output };
}

/**
 * The front of a trace, up to and including one node: the ordered-layer truncation.
 *
 * The tree loses the modules that are called only after the cut. A container that is cut in two
 * stays in the tree, but its call is gone: its own output comes after the cut.
 */
export function cutTrace(trace: Trace, output: string): Trace {
  if (output === trace.output) return trace;
  const nodes = new Map<string, TraceNode>();
  for (const [name, node] of trace.nodes) {
    nodes.set(name, node);
    if (name === output) break;
  }
  const called = new Set(
    [...nodes.values()].flatMap(({ module }) => module?.name ?? []),
  );
  const prune = <M extends Module>(module: M): M => ({
    ...module,
    children: new Map(
      [...module.children]
        .map(([key, child]) => [key, prune(child)] as const)
        .filter(([, child]) => child.children.size || called.has(child.name)),
    ),
  });
  const root = prune(trace.root);
  const calls = trace.calls
    .filter((call) => call.module.name !== "" && nodes.has(call.output))
    .map((call) => ({ ...call, module: moduleAt(root, call.module.name)! }));
  calls.push({ module: root, input: INPUT, output, nodes: [...nodes.keys()] });
  return { root, nodes, calls, output };
}

/** The last of some nodes in the order of the forward pass. */
export function deepestOf({ nodes }: Trace, names: Iterable<string>): string {
  const wanted = new Set(names);
  return [...nodes.keys()].findLast((name) => wanted.has(name))!;
}

/** The module of that path, if the tree has it. */
export function moduleAt(root: Module, path: string): Module | undefined {
  if (path === "") return root;
  let at: Module | undefined = root;
  for (const key of path.split(".")) at = at?.children.get(key);
  return at;
}
