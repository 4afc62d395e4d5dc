/**
 * Opens the network that the options choose.
 *
 * @module
 */

import { nearest, quoted } from "../errors/nearest.ts";
import { buildResNet } from "../arch/resnet.ts";
import { archTable } from "../arch/table.ts";
import { resolveNode } from "../arch/node_names.ts";
import { cutTrace, type Trace, traceForward } from "../arch/trace.ts";
import type { ResNet } from "../model/model.ts";
import { type Io, UsageError, type Values } from "./command.ts";
import { defaultArch, type modelOptions } from "./options.ts";
import { startProgress } from "./progress.ts";

/** The whole network of an `--arch`; with `--weights` it may have a head that the table's lacks. */
export function traceOf(arch: string = defaultArch, weights?: string): Trace {
  const row = archTable.get(arch);
  if (row) {
    const anyHead = weights === undefined ? {} : { numClasses: 1000 };
    return traceForward(buildResNet({ ...row, ...anyHead }));
  }
  throw new UsageError(
    `--arch: no architecture "${arch}", the nearest are ${
      quoted(nearest(arch, archTable.keys()))
    }`,
  );
}

/** The front of a network that ends with the deepest of the layers; the whole for none. */
export function cutAfter(trace: Trace, layers: readonly string[]): Trace {
  if (layers.length === 0) return trace;
  const wanted = new Set(layers.map((layer) => nodeOf(trace, layer)));
  const deepest = [...trace.nodes.keys()].findLast((node) => wanted.has(node))!;
  return cutTrace(trace, deepest);
}

function nodeOf(trace: Trace, layer: string): string {
  try {
    return resolveNode(trace, trace, layer);
  } catch (error) {
    // What the message says last is for those who write code.
    const [what] = (error as Error).message.split(";");
    throw new UsageError(`--layer: ${what}; "layertap layers" lists all`);
  }
}

/** Prints warnings. */
export const warnOn = ({ stderr }: Io) => (message: string) =>
  void stderr.write(`layertap: warning: ${message}\n`);

/** Starts the backend and loads the network, up to the deepest of the layers; whole for none. */
export async function openModel(
  { arch = defaultArch, weights, threads, memory }: Values<typeof modelOptions>,
  layers: readonly string[],
  io: Io,
): Promise<ResNet> {
  const { output } = cutAfter(traceOf(arch, weights), layers);
  const { startBackend } = await import("../backend/start.ts");
  const { createModel } = await import("../model/create_model.ts");
  await startBackend({ threads });
  const progress = await startProgress("weights", io);
  try {
    return await createModel(
      arch,
      layers.length > 0 ? output : null,
      weights ?? true,
      {
        memory,
        warn: warnOn(io),
        onProgress: ({ loaded, total }) =>
          total && progress.update(loaded / total),
      },
    );
  } finally {
    progress.stop();
  }
}
