import { quoted } from "../errors/nearest.ts";
import { type ArchRow, archTable } from "../arch/table.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { headClasses, withTorchvisionNames } from "./key_names.ts";

/**
 * The architecture that a checkpoint's tensors belong to, by their names and shapes.
 *
 * A packed file may be cut, so it is taken at its word where its architecture is known.
 *
 * @param given Under torchvision's names, or others that `createModel` knows; it stays open.
 * @returns A row of the table, with the checkpoint's own classes and input channels, or one made up
 *   for it.
 * @throws {RangeError} If it holds no ResNet, or the front of one only.
 *
 * @example A file that somebody chose
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { guessArch, openCheckpoint } from "@layertap/resnet/weights";
 * import assert from "node:assert/strict";
 *
 * const checkpoint = await openCheckpoint("weights/mlnet_resnet18.npz");
 * const arch = guessArch(checkpoint);
 * assert.equal(arch.block, "BasicBlock");
 * using model = await createModel(arch, "layer1", checkpoint);
 * checkpoint.close();
 * ```
 */
export function guessArch(given: Checkpoint): ArchRow {
  const { checkpoint } = withTorchvisionNames(given);
  const { source, tensors, metadata } = checkpoint;
  const stem = tensors.get("conv1.weight")?.shape;
  const first = tensors.get("layer1.0.conv1.weight")?.shape;
  if (stem === undefined || first === undefined) {
    throw new RangeError(
      `cannot tell the architecture of "${source}": a ResNet has conv1.weight and layer1.0.conv1.weight, this has ${
        quoted([...tensors.keys()].slice(0, 5)) || "nothing"
      }`,
    );
  }
  const own = { numClasses: headClasses(checkpoint), inChannels: stem[1] };
  const named = archTable.get(metadata?.arch ?? "");
  if (named) return { ...named, ...own };

  const [one, two, three, four] = [1, 2, 3, 4].map((i) => blocks(tensors, i));
  const layers = [one, two, three, four] as const;
  const grouped = tensors.has("layer1.0.conv3.weight")
    ? tensors.get("layer1.0.conv2.weight")?.shape
    : undefined;
  const widthPerGroup = grouped?.[1] ?? 64;
  const structure = {
    block: grouped ? "Bottleneck" : "BasicBlock",
    layers,
    groups: grouped ? grouped[0] / widthPerGroup : 1,
    widthPerGroup,
  } as const;
  const like = ({ block, layers, groups = 1, widthPerGroup = 64 }: ArchRow) =>
    JSON.stringify([block, layers, groups, widthPerGroup]);
  const name = metadata?.arch ?? `ResNet(${structure.block}, [${layers}])`;
  const guess = { name, ...structure, ...own };
  const known = [...archTable.values()]
    .find((row) => like(row) === like(guess));
  if (known) return { ...known, ...own };
  if (layers.includes(0)) {
    throw new RangeError(
      `cannot tell the architecture of "${source}": it ends before layer4; say which it is`,
    );
  }
  return guess;
}

/** Number of blocks in `layer1` … `layer4`. */
function blocks(tensors: Checkpoint["tensors"], layer: number): number {
  let count = 0;
  while (tensors.has(`layer${layer}.${count}.conv1.weight`)) count++;
  return count;
}
