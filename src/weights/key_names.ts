/**
 * Tensor names of other libraries and training scripts, translated to torchvision's.
 *
 * @module
 */

import { few } from "../errors/expected.ts";
import { type Checkpoint, requireTensor } from "./checkpoint.ts";

/** A checkpoint under torchvision's names. */
export interface NamedCheckpoint {
  /** The given one if its names are torchvision's already. */
  readonly checkpoint: Checkpoint;
  /** What was done to the names, for the user; undefined if nothing. */
  readonly note?: string;
}

/** Ends of names that identify a ResNet under any prefix. */
const STEM = "conv1.weight";
const FIRST_BLOCK = "layer1.0.conv1.weight";
const TRANSFORMERS_STEM = "embedder.embedder.convolution.weight";

/** Names in torchvision's ResNet, with only the tensors that a head can have. */
const PARTS = /^(?:conv1\.|bn1\.|layer[1-4]\.|fc\.(?:weight|bias)$)/;

/**
 * Finds a ResNet in a checkpoint and gives its tensors torchvision's names.
 *
 * It removes any prefix (`module.`, `model.backbone.`, `_orig_mod.`), and ignores tensors without it
 * and heads of another kind. It translates the names of transformers' `ResNetForImageClassification`
 * and `ResNetModel`; timm's are torchvision's. Without a ResNet, nothing changes.
 *
 * Reads and `close` go to the given checkpoint.
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
      ? `; ignored the ResNets under ${few(others.map((o) => `"${o}"`))}`
      : "";
    return rename(
      checkpoint,
      renamed,
      `removed the prefix "${prefix}" from ${renamed.size} names${choice}`,
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
    `translated ${renamed.size} names of transformers' ResNet`,
  );
}

/** Number of classes, the rows of `fc.weight`; 0 without a head. */
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

/** @param names The file's names by torchvision's. */
function rename(
  checkpoint: Checkpoint,
  names: ReadonlyMap<string, string>,
  what: string,
): NamedCheckpoint {
  const { source, tensors, metadata } = checkpoint;
  const ignored = tensors.size - names.size;
  const others = `${ignored} other tensor${ignored === 1 ? "" : "s"}`;
  const inFile = (name: string) => requireTensor(source, names, name);
  return {
    note: `"${source}": ${what}${ignored > 0 ? `; ignored ${others}` : ""}`,
    checkpoint: {
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
    },
  };
}
