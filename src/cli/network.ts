/**
 * Opens the network that the options choose.
 *
 * @module
 */

import { cutNetwork } from "../arch/cut_network.ts";
import { archRow } from "../arch/lookup.ts";
import { withoutClasses } from "../arch/table.ts";
import type { Trace } from "../arch/trace.ts";
import type { ResNet } from "../model/model.ts";
import { type Io, UsageError, type Values } from "./command.ts";
import { defaultArch, type modelOptions } from "./options.ts";
import { startProgress } from "./progress.ts";

/**
 * The network of `--arch`, up to the deepest of the layers; without layers, the whole. With
 * `--weights` it may have a head that the table's lacks.
 */
export function traceOf(
  { arch = defaultArch, weights }: { arch?: string; weights?: string },
  layers: readonly string[] = [],
): Trace {
  const row = asUsage("--arch", () => archRow(arch));
  const known = weights === undefined ? row : withoutClasses(row);
  return asUsage(
    "--layer",
    () => cutNetwork(known, layers.length > 0 ? layers : null).trace,
  );
}

/** Reports an error about the value of an option; its advice is for programs. */
function asUsage<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = (error as Error).message
      .replace(" archTable lists all", "")
      .replace("nodes()", '"layertap layers"');
    throw new UsageError(`${option}: ${message}`);
  }
}

/** Prints warnings. */
export const warnOn = ({ stderr }: Io) => (message: string) =>
  void stderr.write(`layertap: warning: ${message}\n`);

/** Starts the backend and loads the network, up to the deepest of the layers; without layers, all. */
export async function openModel(
  values: Values<typeof modelOptions>,
  layers: readonly string[],
  io: Io,
): Promise<ResNet> {
  const { arch = defaultArch, weights, threads, memory } = values;
  traceOf(values, layers);
  const { startBackend } = await import("../backend/start.ts");
  const { createModel } = await import("../model/create_model.ts");
  await startBackend({ threads });
  const progress = await startProgress("weights", io);
  try {
    return await createModel(
      arch,
      layers.length > 0 ? layers : null,
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
