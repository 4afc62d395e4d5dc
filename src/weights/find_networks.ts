/**
 * The ResNets in a checkpoint: prefixes under which the tensors of one may stand.
 *
 * @module
 */

import { type Checkpoint, requireTensor } from "./checkpoint.ts";
import { type Naming, namings } from "./naming.ts";

/** Parts of names that wrappers of modules add: DataParallel, torch.compile, FSDP, checkpoints. */
const WRAPPERS = new Set([
  "module",
  "_orig_mod",
  "_fsdp_wrapped_module",
  "_checkpoint_wrapped_module",
]);

/** Names of tensors in a network, whatever it looks like inside. */
const PARTS = /^(?:conv1|bn1|layer[1-4]|fc)\./;

/** A part of a checkpoint that has the first tensors of a ResNet. */
export interface FoundNetwork {
  /** The path above its tensors, without wrappers: `"state_dict.encoder_q"`; `""` at the top. */
  readonly prefix: string;
  /** Its tensors under torchvision's names, with whatever else stands among them. */
  readonly checkpoint: Checkpoint;
  /** The file's names of those tensors. */
  readonly fileNames: ReadonlySet<string>;
}

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

/** All candidates, in the file's order; nothing is checked but the two first filters. */
export function findNetworks(
  checkpoint: Checkpoint,
  paths: Paths = pathsOf(checkpoint),
): FoundNetwork[] {
  const found: FoundNetwork[] = [];
  for (const path of paths.inFile.keys()) {
    for (const naming of namings) {
      const stem = naming.stems.find((stem) =>
        path === stem || path.endsWith(`.${stem}`)
      );
      if (stem === undefined) continue;
      const prefix = path.slice(0, -stem.length);
      if (!paths.inFile.has(prefix + naming.firstBlock)) continue;
      found.push(networkUnder(checkpoint, paths, prefix, naming));
      break;
    }
  }
  return found;
}

/**
 * What stands under a prefix, as a network.
 *
 * @param prefix With its last dot, or empty.
 */
export function networkUnder(
  checkpoint: Checkpoint,
  paths: Paths,
  prefix: string,
  naming: Naming = namings[0],
): FoundNetwork {
  const names = new Map<string, string>();
  for (const path of pathsUnder(paths, prefix)) {
    const name = naming.toTorchvision(path.slice(prefix.length));
    if (PARTS.test(name)) names.set(name, paths.inFile.get(path)!);
  }
  nameHead(names, checkpoint);
  return {
    prefix: prefix.replace(/\.$/, ""),
    checkpoint: renamed(checkpoint, names),
    fileNames: new Set(names.values()),
  };
}

/** `fc.1` of `Sequential(Dropout, Linear)` is the head if nothing else stands under `fc`. */
function nameHead(names: Map<string, string>, { tensors }: Checkpoint): void {
  const head = [...names].filter(([name]) => name.startsWith("fc."));
  const [[first, file] = []] = head;
  const [, index] = /^fc\.(\d+)\.\w+$/.exec(first ?? "") ?? [];
  const isLinear = file !== undefined && index !== undefined &&
    head.length === 2 && names.has(`fc.${index}.bias`) &&
    tensors.get(names.get(`fc.${index}.weight`) ?? "")?.shape.length === 2;
  if (!isLinear) return;
  for (const [name, file] of head) {
    names.delete(name);
    names.set(name.replace(`.${index}.`, "."), file);
  }
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

/**
 * A checkpoint under other names. Reads and `close` go to the given one.
 *
 * @param names The file's names by the new ones.
 */
function renamed(
  checkpoint: Checkpoint,
  names: ReadonlyMap<string, string>,
): Checkpoint {
  const { source, tensors, metadata } = checkpoint;
  const inFile = (name: string) => requireTensor(source, names, name);
  return {
    source,
    metadata,
    tensors: new Map(
      [...names].map(([name, inFile]) => [name, tensors.get(inFile)!]),
    ),
    expect(reads) {
      checkpoint.expect?.(reads.flatMap((name) => names.get(name) ?? []));
    },
    read: async (name) => await checkpoint.read(inFile(name)),
    ...checkpoint.readRows && {
      readRows: async (name: string) =>
        await checkpoint.readRows!(inFile(name)),
    },
    close: () => checkpoint.close(),
  };
}
