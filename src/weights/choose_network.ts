/**
 * The network that a checkpoint is opened for, of those that it holds.
 *
 * @module
 */

import {
  type CutNetwork,
  cutNetwork,
  type OutputLayer,
} from "../arch/cut_network.ts";
import type { ArchRow } from "../arch/table.ts";
import { expected, few } from "../errors/expected.ts";
import type { Checkpoint } from "./checkpoint.ts";
import {
  allTensors,
  compareTensors,
  type Differences,
  isComplete,
} from "./differences.ts";
import {
  findNetworks,
  type FoundNetwork,
  networkUnder,
  type Paths,
  pathsOf,
  pathsUnder,
} from "./find_networks.ts";
import { guessRow, headClasses } from "./guess_row.ts";
import { explainMismatch, explainNone } from "./mismatch.ts";
import { firstByRole } from "./roles.ts";
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

/** A network, and its tensors under torchvision's names. */
export interface ChosenNetwork extends CutNetwork {
  readonly checkpoint: Checkpoint;
  /** The path above its tensors. */
  readonly prefix: string;
  /** What the user should know of the choice, a line each. */
  readonly notes: readonly string[];
}

/** A candidate as the network that is asked for. */
interface Candidate {
  readonly found: FoundNetwork;
  readonly network: CutNetwork;
  readonly differences: Differences;
  /** What was told by names. */
  readonly note?: string;
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
  const known = complete.filter(({ differences }) =>
    differences.unknown.length === 0
  );
  const fitting = known.length > 0 ? known : complete;
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
    notes: notesOf(taken, distinct, fitting, checkpoint, paths),
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

/** Linear layers beside a network, which may be its head. */
function outsideLinear(
  { tensors }: Checkpoint,
  { fileNames }: FoundNetwork,
): string[] {
  return [...tensors].filter(([name, { shape }]) =>
    shape.length === 2 && !fileNames.has(name)
  ).map(([name]) => name);
}

function candidatesIn(
  checkpoint: Checkpoint,
  paths: Paths,
  { arch, outputLayer, prefix }: NetworkQuestion,
): Candidate[] {
  const found = foundUnder(prefix, checkpoint, paths);
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

/** Those under a prefix, or right at it if one is. */
function foundUnder(
  prefix: string | undefined,
  checkpoint: Checkpoint,
  paths: Paths,
): FoundNetwork[] {
  const found = findNetworks(checkpoint, paths);
  if (prefix === undefined) return found;
  const wanted = prefix.replace(/\.$/, "");
  const exact = found.filter(({ prefix }) => prefix === wanted);
  if (exact.length > 0) return exact;
  const under = found.filter(({ prefix }) => prefix.startsWith(`${wanted}.`));
  if (wanted !== "" && under.length > 0) return under;
  const prefixes = few(found.map(({ prefix }) => JSON.stringify(prefix)));
  throw new RangeError(
    expected(
      `"${checkpoint.source}": prefix`,
      prefixes || "none, since it holds no ResNet",
      prefix,
    ),
  );
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
  const rows = candidates.map(({ network }) => JSON.stringify(network.row));
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

function notesOf(
  { found, differences, note }: Candidate,
  distinct: readonly Candidate[],
  fitting: readonly Candidate[],
  checkpoint: Checkpoint,
  { inFile }: Paths,
): string[] {
  const notes: string[] = [];
  if (distinct.length > 1) {
    const prefixes = distinct.map(({ found }) => JSON.stringify(found.prefix));
    notes.push(
      `it holds networks under ${
        few(prefixes)
      }; took "${found.prefix}" (the option prefix chooses another)`,
    );
  }
  if (note !== undefined) notes.push(note);
  const { tensors } = found.checkpoint;
  if ([...tensors.values()].some(({ inModule }) => inModule)) {
    notes.push(
      "it is a whole pickled module, whose own forward isn't run: torchvision's is assumed",
    );
  }
  const inside = differences.unknown;
  if (inside.length > 0) {
    notes.push(
      `passed over ${count(inside)} inside the network (${few(inside)})`,
    );
  }
  const taken = new Set(fitting.flatMap(({ found }) => [...found.fileNames]));
  const outside: string[] = [...differences.behind];
  const parts = new Set(outside.map((name) => partOf(name, "")));
  for (const [path, name] of inFile) {
    if (taken.has(name) || path.endsWith("num_batches_tracked")) continue;
    outside.push(path);
    parts.add(partOf(path, found.prefix));
  }
  if (outside.length > 0) {
    notes.push(
      `passed over ${count(outside)} outside the network (${few(parts)})`,
    );
  }
  return notes.map((note) => `"${checkpoint.source}": ${note}`);
}

function count({ length }: readonly unknown[]): string {
  return `${length} tensor${length === 1 ? "" : "s"}`;
}

/** The first part of a path after those that it shares with a prefix, with the shared ones if any. */
function partOf(path: string, prefix: string): string {
  const parts = path.split("."), above = prefix.split(".");
  if (path.startsWith(`${prefix}.`)) return parts[above.length];
  const shared = above.findIndex((part, i) => part !== parts[i]);
  return parts.slice(0, shared + 1).join(".");
}
