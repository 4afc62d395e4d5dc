/**
 * What the user should know of a choice, a line each.
 *
 * @module
 */

import { few } from "../errors/expected.ts";
import type { Candidate } from "./candidates.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Paths } from "./paths.ts";

/** A choice, and what it was made from. */
export interface Choice {
  readonly taken: Candidate;
  /** The networks that fit, each once. */
  readonly distinct: readonly Candidate[];
  /** Those that fit, under all their names. */
  readonly fitting: readonly Candidate[];
}

/** The notes: which networks there were, what was assumed, what was passed over. */
export function notesOf(
  { taken: { found, differences, note }, distinct, fitting }: Choice,
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
  const held = new Set(fitting.flatMap(({ found }) => [...found.fileNames]));
  const outside: string[] = [...differences.behind];
  const parts = new Set(outside.map((name) => partOf(name, "")));
  for (const [path, name] of inFile) {
    if (held.has(name) || path.endsWith("num_batches_tracked")) continue;
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
