import { type Module, tensorsOf } from "../arch/module.ts";
import { moduleAt, type ModuleCall, type Trace } from "../arch/trace.ts";
import type { SummaryRow } from "./types.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

/** A row for each call, in the order in which the calls return. */
export function rowsByReturn(trace: Trace, shapes: Shapes): SummaryRow[] {
  return trace.calls.map((call) => rowOf(call.module, call, shapes));
}

/**
 * A row for each call, in the order in which the calls begin.
 *
 * A container that the network ends in has one too, although its call isn't in the trace.
 */
export function rowsByBeginning(trace: Trace, shapes: Shapes): SummaryRow[] {
  // Only modules without children are called more than once.
  const calls = new Map(trace.calls.map((call) => [call.module.name, call]));
  const begun = new Set<string>();
  const rows: SummaryRow[] = [];
  for (const call of trace.calls) {
    if (call.module.children.size > 0) continue;
    for (const name of containersAround(call.module)) {
      if (begun.has(name)) continue;
      begun.add(name);
      const container = moduleAt(trace.root, name)!;
      rows.push(rowOf(container, calls.get(name), shapes));
    }
    rows.push(rowOf(call.module, call, shapes));
  }
  return rows;
}

/** Paths from the root's `""` to the module's parent. */
function containersAround({ name }: Module): string[] {
  const keys = name.split(".");
  return keys.map((_, depth) => keys.slice(0, depth).join("."));
}

function rowOf(
  module: Module,
  call: ModuleCall | undefined,
  shapes: Shapes,
): SummaryRow {
  const outputShape = call ? toNchw(shapes.get(call.output)!) : null;
  const params = tensorsOf(module)
    .filter((tensor) => !tensor.buffer)
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  return {
    name: module.name,
    node: call?.output ?? null,
    type: module.type,
    depth: module.name === "" ? 0 : module.name.split(".").length,
    outputShape,
    params,
    multAdds: outputShape ? params * usesOf(module, outputShape) : 0,
  };
}

/** How often each parameter is multiplied, by torchinfo's `LayerInfo.calculate_macs`. */
function usesOf(module: Module, [n, , h, w]: readonly number[]): number {
  return Math.abs(module.type === "Conv2d" ? n * h * w : n);
}

function toNchw(shape: readonly number[]): readonly number[] {
  if (shape.length !== 4) return shape;
  const [n, h, w, c] = shape;
  return [n, c, h, w];
}
