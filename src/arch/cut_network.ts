/**
 * A network of a row, whole or up to a layer.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import { resolveNode } from "./node_names.ts";
import { buildResNet } from "./resnet.ts";
import type { ArchRow } from "./table.ts";
import { cutTrace, deepestOf, type Trace, traceForward } from "./trace.ts";

/**
 * Where a network ends: a node or module, the deepest of several, or null for the whole network.
 */
export type OutputLayer = string | readonly string[] | null;

/** A network and its front. */
export interface CutNetwork {
  readonly row: ArchRow;
  /** The whole network. */
  readonly full: Trace;
  /** The network up to its output layer. */
  readonly trace: Trace;
}

/**
 * Builds a network and cuts it after its output layer; nothing is computed or loaded.
 *
 * @throws {RangeError} If the layer is unknown.
 */
export function cutNetwork(
  row: ArchRow,
  outputLayer: OutputLayer,
): CutNetwork {
  const full = traceForward(buildResNet(row));
  const output = resolveOutput(full, full, outputLayer);
  return { row, full, trace: cutTrace(full, output) };
}

/**
 * The node that an output layer means.
 *
 * @param full The whole network, of which `trace` is the front.
 * @throws {RangeError} If a name is unknown or comes after the trace's end, or the list is empty.
 */
export function resolveOutput(
  trace: Trace,
  full: Trace,
  outputLayer: OutputLayer,
): string {
  if (outputLayer === null) return trace.output;
  const names = Array.isArray(outputLayer) ? outputLayer : [outputLayer];
  if (names.length > 0) {
    return deepestOf(
      trace,
      names.map((name) => resolveNode(trace, full, name)),
    );
  }
  throw new RangeError(
    expected("outputLayer", "one or more names", asIs("an empty list")),
  );
}
