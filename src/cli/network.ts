/**
 * Opens the network that the options choose.
 *
 * @module
 */

import { printable } from "../errors/printable.ts";
import { type CutNetwork, cutNetwork } from "../arch/cut_network.ts";
import { archRow } from "../arch/lookup.ts";
import type { Preset } from "../arch/preset.ts";
import { type ArchRow, withoutClasses } from "../arch/table.ts";
import type { ResNet } from "../model/model.ts";
import { checked, type Io, UsageError, type Values } from "./command.ts";
import { defaultArch, type modelOptions } from "./options.ts";
import { readPreset } from "./preset_option.ts";
import { startProgress } from "./progress.ts";

/** The options that choose a network. */
interface Choice {
  readonly arch?: string;
  readonly weights?: string;
  readonly prefix?: string;
}

/**
 * The row of `--arch`; undefined if only the weights can tell it. Weights may bring a head that the
 * table's network lacks.
 */
function rowOf({ arch, weights }: Choice): ArchRow | undefined {
  if (arch === undefined && weights !== undefined) return undefined;
  const row = checked("arch", () => archRow(arch ?? defaultArch));
  return weights === undefined ? row : withoutClasses(row);
}

const cut = (row: ArchRow, layers: readonly string[]) =>
  checked("layer", () => cutNetwork(row, layers.length > 0 ? layers : null));

/**
 * The network up to the deepest of the layers, or all of it without layers. Undefined if only the
 * weights can tell it.
 */
export function knownNetwork(
  choice: Choice,
  layers: readonly string[] = [],
): CutNetwork | undefined {
  const row = rowOf(choice);
  return row && cut(row, layers);
}

/** The same, from the header of the weights if they are given instead of `--arch`. */
export async function networkOf(
  choice: Choice,
  layers: readonly string[] = [],
): Promise<CutNetwork> {
  if (choice.arch !== undefined && choice.weights !== undefined) {
    throw new UsageError("choose --arch or --weights, not both");
  }
  const row = rowOf(choice);
  if (row) return cut(row, layers);
  const { guessArch } = await import("../weights/guess_arch.ts");
  const { withPretrained } = await import("../weights/resolve.ts");
  const guess = await withPretrained(
    undefined,
    choice.weights!,
    {},
    ({ checkpoint, config }) => {
      const guess = guessArch(checkpoint, choice), { numClasses } = guess;
      return Promise.resolve({ ...guess, ...config?.row(), numClasses });
    },
  ).catch(rethrown);
  return cut(guess, layers);
}

/** Prints warnings. */
export const warnOn = ({ stderr }: Io) => (message: string) =>
  void stderr.write(`layertap: warning: ${printable(message)}\n`);

/**
 * Starts the backend and loads the network.
 *
 * @param layers As for {@linkcode knownNetwork}.
 * @param usualPreset Takes the place of the weights' own, unless `--preset` is given.
 */
export async function openModel(
  values: Values<typeof modelOptions>,
  layers: readonly string[],
  io: Io,
  usualPreset?: Preset,
): Promise<ResNet> {
  const { arch, weights, prefix, threads, memory } = values;
  const isKnown = knownNetwork(values, layers) !== undefined;
  const preset = values.preset === undefined && usualPreset ||
    await readPreset(values.preset, arch);
  const { startBackend } = await import("../backend/start.ts");
  const { createModel } = await import("../model/create_model.ts");
  await startBackend({ threads });
  const progress = await startProgress("weights", io);
  try {
    return await createModel(
      isKnown ? arch ?? defaultArch : null,
      layers.length > 0 ? layers : null,
      weights ?? true,
      {
        memory,
        prefix,
        preset,
        warn: warnOn(io),
        onProgress: ({ loaded, total }) =>
          total && progress.update(loaded / total),
      },
    );
  } catch (error) {
    throw rethrown(error);
  } finally {
    progress.stop();
  }
}

/** Throws the error again, with advice for the command line. */
function rethrown(error: unknown): never {
  if (error instanceof RangeError) {
    if (error.message.includes("nodes()")) {
      checked("layer", () => {
        throw error;
      });
    }
    error.message = error.message.replace("`arch`", "--arch");
  }
  throw error;
}
