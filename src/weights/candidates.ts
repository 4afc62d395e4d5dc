/**
 * The ResNets in a checkpoint, each as the network that is asked for.
 *
 * @module
 */

import {
  type CutNetwork,
  cutNetwork,
  type OutputLayer,
} from "../arch/cut_network.ts";
import type { ArchRow } from "../arch/table.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { compareTensors, type Differences } from "./differences.ts";
import { findNetworks } from "./find_networks.ts";
import { type FoundNetwork, networkUnder } from "./network_under.ts";
import type { Paths } from "./paths.ts";
import { guessRow, headClasses } from "./guess_row.ts";
import { explainNone } from "./mismatch.ts";
import { toldByNames } from "./told_by_names.ts";

/** What is asked of a checkpoint. */
export interface NetworkQuestion {
  /** The architecture; without `numClasses`, whose number the weights decide. Default: guessed. */
  readonly arch?: ArchRow;
  /** The last layer that is computed. */
  readonly outputLayer: OutputLayer;
  /** The path above the network's tensors. Default: chosen. */
  readonly prefix?: string;
  /** Whether unknown tensors inside the network are an error. Default true. */
  readonly strict?: boolean;
}

/** A candidate as the network that is asked for. */
export interface Candidate {
  readonly found: FoundNetwork;
  readonly network: CutNetwork;
  readonly differences: Differences;
  /** What was told by names. */
  readonly note?: string;
}

/**
 * All candidates, whether they fit or not.
 *
 * @throws {RangeError} If there is nothing under the prefix, or the layer is unknown.
 * @throws {TypeError} If there are none.
 */
export function candidatesIn(
  checkpoint: Checkpoint,
  paths: Paths,
  { arch, outputLayer, prefix }: NetworkQuestion,
): Candidate[] {
  const found = findNetworks(checkpoint, paths, prefix);
  if (found.length === 0) {
    // The front of a network, which may end before its first block.
    const front = networkUnder(checkpoint, paths, "");
    const isFront = arch !== undefined && ["conv1.weight", "conv1.0.weight"]
      .some((name) => front.checkpoint.tensors.has(name));
    if (!isFront) throw explainNone(checkpoint, arch);
    found.push(front);
  }
  const cuts = new Map<string, CutNetwork>();
  const cut = (row: ArchRow) => {
    const key = JSON.stringify(row);
    const network = cuts.get(key) ?? cutNetwork(row, outputLayer);
    cuts.set(key, network);
    return network;
  };
  let failure: unknown;
  const candidates = found.flatMap((found): Candidate[] => {
    try {
      const told = toldByNames(found, paths);
      const row = rowOf(found.checkpoint, arch, told?.options);
      const network = cut(row);
      const differences = compareTensors(found.checkpoint, network);
      const isNew = told !== undefined &&
        Object.keys(told.options).some((key) =>
          arch?.[key as keyof ArchRow] === undefined
        );
      return [{
        found,
        network,
        differences,
        note: isNew ? told.note : undefined,
      }];
    } catch (error) {
      failure ??= error;
      return [];
    }
  });
  if (candidates.length === 0) throw failure;
  return candidates;
}

/** The row that was asked for, or a guess, with what the file tells of it. */
function rowOf(
  checkpoint: Checkpoint,
  arch: ArchRow | undefined,
  told: Partial<ArchRow> = {},
): ArchRow {
  if (arch === undefined) return { ...guessRow(checkpoint), ...told };
  const numClasses = headClasses(checkpoint);
  const asked = Object.entries(arch).filter(([, value]) => value !== undefined);
  return {
    numClasses,
    ...checkpoint.metadata?.network,
    ...told,
    ...Object.fromEntries(asked),
  } as ArchRow;
}
