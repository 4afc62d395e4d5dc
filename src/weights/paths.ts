/**
 * The names of a checkpoint's tensors as paths, without what wrappers of modules add.
 *
 * @module
 */

import type { Checkpoint } from "./checkpoint.ts";

/** Parts of names that wrappers of modules add: DataParallel, torch.compile, FSDP, checkpoints. */
const WRAPPERS = new Set([
  "module",
  "_orig_mod",
  "_fsdp_wrapped_module",
  "_checkpoint_wrapped_module",
]);

/** The names of a checkpoint without wrappers. */
export interface Paths {
  /** The file's name of each path, in the file's order. */
  readonly inFile: ReadonlyMap<string, string>;
  readonly sorted: readonly string[];
  /** A path's place in the file's order. */
  readonly order: ReadonlyMap<string, number>;
}

/** Removes wrappers from names, but not where two names would become one. */
export function pathsOf({ tensors }: Checkpoint): Paths {
  const names = [...tensors.keys()];
  const bare = names.map((name) =>
    name.split(".").filter((part) => !WRAPPERS.has(part)).join(".")
  );
  const counts = new Map<string, number>();
  for (const path of bare) counts.set(path, (counts.get(path) ?? 0) + 1);
  const paths = bare.map((path, i) => counts.get(path) === 1 ? path : names[i]);
  return {
    inFile: new Map(paths.map((path, i) => [path, names[i]])),
    sorted: paths.toSorted(),
    order: new Map(paths.map((path, i) => [path, i])),
  };
}

/** The paths that begin with a prefix, in the file's order. */
export function pathsUnder({ sorted, order }: Paths, prefix: string): string[] {
  const start = lowerBound(sorted, prefix);
  let end = start;
  while (end < sorted.length && sorted[end].startsWith(prefix)) end++;
  return sorted.slice(start, end)
    .sort((a, b) => order.get(a)! - order.get(b)!);
}

/** The index of the first text that isn't less. */
function lowerBound(sorted: readonly string[], text: string): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
