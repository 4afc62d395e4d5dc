/**
 * Tensor names: from those under which a checkpoint keeps a ResNet to torchvision's.
 *
 * @module
 */

import type { Checkpoint } from "./checkpoint.ts";

/** A checkpoint under torchvision's names. */
export interface NamedCheckpoint {
  /** The one given, where the names are torchvision's already. */
  readonly checkpoint: Checkpoint;
  /** What was done to the names, as a sentence for the user; left out if nothing. */
  readonly note?: string;
}

/** Ends of names, by which a ResNet is found under any prefix. */
const STEM = "conv1.weight";
const FIRST_BLOCK = "layer1.0.conv1.weight";
const TRANSFORMERS_STEM = "embedder.embedder.convolution.weight";

/** Parts of torchvision's ResNet; of its head only what can be one. */
const PARTS = /^(?:conv1\.|bn1\.|layer[1-4]\.|fc\.(?:weight|bias)$)/;

/**
 * Finds a ResNet in a checkpoint and gives its tensors the names that torchvision has for them.
 *
 * A prefix is taken off, whatever it is (`module.`, `model.backbone.`, `_orig_mod.`); what does not
 * stand under it, or is a head of another kind, is left out. The names of transformers'
 * `ResNetForImageClassification` and `ResNetModel` are translated. timm's are torchvision's. Where
 * no ResNet is found, nothing is changed.
 *
 * Reads go to the checkpoint given, as does `close`.
 *
 * @see transformers 4.30, `models/resnet/modeling_resnet.py`.
 */
export function withTorchvisionNames(checkpoint: Checkpoint): NamedCheckpoint {
  const { tensors } = checkpoint;
  const names = [...tensors.keys()];
  const prefixes = names.filter((name) => name.endsWith(STEM))
    .map((name) => name.slice(0, -STEM.length))
    .filter((prefix) => tensors.has(prefix + FIRST_BLOCK));
  if (prefixes.includes("")) return { checkpoint };
  if (prefixes.length > 0) {
    const [prefix, ...others] = prefixes;
    const renamed = new Map(
      names.filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length), name] as const)
        .filter(([name]) => PARTS.test(name)),
    );
    const choice = others.length > 0
      ? ` (there are ResNets under ${others.map((o) => `"${o}"`)} too)`
      : "";
    return rename(
      checkpoint,
      renamed,
      `the prefix "${prefix}" was taken off ${renamed.size} names${choice}`,
    );
  }
  const first = names.find((name) => name.endsWith(TRANSFORMERS_STEM));
  if (first === undefined) return { checkpoint };
  const prefix = first.slice(0, -TRANSFORMERS_STEM.length);
  const renamed = new Map(
    names.flatMap((name) => {
      const translated = fromTransformers(name, prefix);
      return translated === undefined ? [] : [[translated, name] as const];
    }),
  );
  return rename(
    checkpoint,
    renamed,
    `${renamed.size} names of transformers' ResNet were translated`,
  );
}

/** Number of classes of a checkpoint's head, the rows of `fc.weight`; 0 if it has none. */
export function headClasses({ tensors }: Checkpoint): number {
  return tensors.get("fc.weight")?.shape[0] ?? 0;
}

/** `resnet.encoder.stages.0.layers.1.layer.2.convolution.weight` is `layer1.1.conv3.weight`. */
function fromTransformers(name: string, prefix: string): string | undefined {
  const head = `${prefix.replace(/resnet\.$/, "")}classifier.1.`;
  if (name.startsWith(head)) return `fc.${name.slice(head.length)}`;
  if (!name.startsWith(prefix)) return undefined;
  const [, place, kind, parameter] =
    /^(.+)\.(convolution|normalization)\.(\w+)$/
      .exec(name.slice(prefix.length)) ?? [];
  const isConvolution = kind === "convolution";
  if (place === "embedder.embedder") {
    return `${isConvolution ? "conv1" : "bn1"}.${parameter}`;
  }
  const [, stage, block, index] =
    /^encoder\.stages\.(\d)\.layers\.(\d+)\.(?:layer\.(\d)|shortcut)$/
      .exec(place) ?? [];
  if (stage === undefined) return undefined;
  const module = index === undefined
    ? `downsample.${isConvolution ? 0 : 1}`
    : `${isConvolution ? "conv" : "bn"}${Number(index) + 1}`;
  return `layer${Number(stage) + 1}.${block}.${module}.${parameter}`;
}

/** @param names torchvision's to the file's. */
function rename(
  checkpoint: Checkpoint,
  names: ReadonlyMap<string, string>,
  what: string,
): NamedCheckpoint {
  const { source, tensors, metadata } = checkpoint;
  const leftOut = tensors.size - names.size;
  const others = leftOut === 1
    ? "1 other tensor is"
    : `${leftOut} other tensors are`;
  const inFile = (name: string): string => {
    const found = names.get(name);
    if (found !== undefined) return found;
    throw new RangeError(`"${source}" has no tensor "${name}"`);
  };
  return {
    note: `"${source}": ${what}${leftOut > 0 ? `, ${others} left out` : ""}`,
    checkpoint: {
      source,
      metadata,
      tensors: new Map(
        [...names].map(([name, inFile]) => [name, tensors.get(inFile)!]),
      ),
      expect(wanted) {
        checkpoint.expect?.(wanted.flatMap((name) => names.get(name) ?? []));
      },
      read: async (name) => await checkpoint.read(inFile(name)),
      ...checkpoint.readRows && {
        readRows: async (name: string) =>
          await checkpoint.readRows!(inFile(name)),
      },
      close: () => checkpoint.close(),
    },
  };
}
