/**
 * The network that a checkpoint is opened for, of those that it holds.
 *
 * @module
 */

import type { CutNetwork } from "../arch/cut_network.ts";
import { few } from "../errors/expected.ts";
import {
  type Candidate,
  candidatesIn,
  type NetworkQuestion,
} from "./candidates.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { notesOf } from "./choice_notes.ts";
import { allTensors, isComplete } from "./differences.ts";
import type { FoundNetwork } from "./network_under.ts";
import { pathsOf, pathsUnder } from "./paths.ts";
import { explainMismatch } from "./mismatch.ts";
import { firstByRole } from "./roles.ts";

/** A network, and its tensors under torchvision's names. */
export interface ChosenNetwork extends CutNetwork {
  readonly checkpoint: Checkpoint;
  /** The path above its tensors. */
  readonly prefix: string;
  /** What the user should know of the choice, a line each. */
  readonly notes: readonly string[];
}

/**
 * Chooses the network by what it holds, then by the words in its path.
 *
 * @throws {TypeError} If none fits, or several do and nothing says which; the message lists them.
 * @throws {RangeError} If there is nothing under `prefix`, or the layer is unknown.
 */
export function chooseNetwork(
  checkpoint: Checkpoint,
  question: NetworkQuestion,
): ChosenNetwork {
  const paths = pathsOf(checkpoint);
  const all = candidatesIn(checkpoint, paths, question);
  const complete = all.filter(({ differences }) => isComplete(differences));
  const fitting = nearestOf(complete);
  if (fitting.length === 0) {
    const [nearest] = all.toSorted((a, b) => size(a) - size(b));
    throw mismatch(nearest);
  }
  const distinct = withoutTwins(fitting);
  const taken = distinct.length === 1 ? distinct[0] : byRole(distinct);
  if (taken === undefined) throw severalError(checkpoint.source, distinct);
  const { found, network, differences } = taken;
  if (question.strict !== false && differences.unknown.length > 0) {
    throw mismatch(taken);
  }
  return {
    ...network,
    prefix: found.prefix,
    checkpoint: found.checkpoint,
    notes: notesOf({ taken, distinct, fitting }, checkpoint, paths),
  };

  function mismatch({ found, network, differences }: Candidate): TypeError {
    const names = pathsUnder(paths, found.prefix && `${found.prefix}.`);
    return explainMismatch(
      found.checkpoint,
      network.row,
      differences,
      names,
      outsideLinear(checkpoint, found),
    );
  }
}

/**
 * Those that fit best: without unknown tensors inside if there are such, and like the whole network
 * that was asked for, though only its front is computed.
 */
function nearestOf(candidates: readonly Candidate[]): readonly Candidate[] {
  const known = candidates.filter(({ differences }) =>
    differences.unknown.length === 0
  );
  const whole = known.filter(({ differences }) => differences.isWhole);
  return [whole, known, candidates].find(({ length }) => length > 0) ?? [];
}

/** Linear layers beside a network, which may be its head. */
function outsideLinear(
  { tensors }: Checkpoint,
  { fileNames }: FoundNetwork,
): string[] {
  return [...tensors].filter(([name, { shape }]) =>
    shape.length === 2 && !fileNames.has(name)
  ).map(([name]) => name);
}

function size({ differences }: Candidate): number {
  const { missing, misshapen, unfit } = differences;
  return missing.length + misshapen.length + unfit.length;
}

/** Of those whose values are in one place, one network under several names, the shortest named. */
function withoutTwins(candidates: readonly Candidate[]): Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const [i, candidate] of candidates.entries()) {
    const { found, network } = candidate;
    const places = allTensors(network.trace.root).map(({ name }) =>
      found.checkpoint.tensors.get(name)?.place
    );
    const key = places.every(Boolean) ? places.join() : `${i}`;
    const twin = distinct.get(key)?.found.prefix;
    if (twin === undefined || found.prefix.length < twin.length) {
      distinct.set(key, candidate);
    }
  }
  return [...distinct.values()];
}

/** The one that a word in its path puts first, if all are of one shape. */
function byRole(candidates: readonly Candidate[]): Candidate | undefined {
  const rows = candidates.map(({ network: { row, trace } }) => {
    const isHeadComputed = trace.root.children.has("fc");
    const numClasses = isHeadComputed ? row.numClasses : 0;
    return JSON.stringify({ ...row, numClasses });
  });
  if (new Set(rows).size > 1) return undefined;
  const first = firstByRole(candidates.map(({ found }) => found.prefix));
  return candidates.find(({ found }) => found.prefix === first);
}

function severalError(
  source: string,
  candidates: readonly Candidate[],
): TypeError {
  const isMixed = new Set(candidates.map(({ network }) => network.row.name))
    .size > 1;
  const list = few(
    candidates.map(({ found: { prefix }, network }) =>
      JSON.stringify(prefix) + (isMixed ? ` (${network.row.name})` : "")
    ),
  );
  return new TypeError(
    `"${source}" holds ${candidates.length} networks, under ${list}; choose one by the option prefix`,
  );
}
