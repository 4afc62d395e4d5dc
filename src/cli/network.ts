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
import { checked, type Io, type Values } from "./command.ts";
import { defaultArch, type modelOptions } from "./options.ts";
import { startProgress } from "./progress.ts";

/**
 * The network of `--arch` up to the deepest of the layers; without layers, all of it. Weights may
 * bring a head that the table's network lacks.
 */
export function traceOf(
  { arch = defaultArch, weights }: { arch?: string; weights?: string },
  layers: readonly string[] = [],
): Trace {
  const row = checked("arch", () => archRow(arch));
  const known = weights === undefined ? row : withoutClasses(row);
  const upTo = layers.length > 0 ? layers : null;
  return checked("layer", () => cutNetwork(known, upTo).trace);
}

/** Prints warnings. */
export const warnOn = ({ stderr }: Io) => (message: string) =>
  void stderr.write(`layertap: warning: ${message}\n`);

/** Starts the backend and loads the network; the layers are those of {@linkcode traceOf}. */
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
