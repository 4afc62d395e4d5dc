/**
 * A part of a checkpoint as a network, under torchvision's names.
 *
 * @module
 */

import { type Checkpoint, requireTensor } from "./checkpoint.ts";
import { type Naming, namings } from "./naming.ts";
import { type Paths, pathsUnder } from "./paths.ts";

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
