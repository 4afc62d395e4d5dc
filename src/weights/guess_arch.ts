import { asIs, expected, few } from "../errors/expected.ts";
import { type ArchRow, archTable } from "../arch/table.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { headClasses, withTorchvisionNames } from "./key_names.ts";

/**
 * The architecture of a checkpoint, by the names and shapes of its tensors.
 *
 * A packed file may hold only the front of a network, so its metadata decide if they name one.
 *
 * @param given With torchvision's names, or others that `createModel` knows; it stays open.
 * @returns A row of the table with the checkpoint's number of classes and input channels, or a new
 *   row.
 * @throws {RangeError} If it has no ResNet, or only the front of one.
 *
 * @example A file of an unknown architecture
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
  const deepStem = tensors.has("conv1.0.weight");
  const stem = tensors.get(`conv1.${deepStem ? "0." : ""}weight`)?.shape;
  const first = tensors.get("layer1.0.conv1.weight")?.shape;
  if (stem === undefined || first === undefined) {
    const names = few(tensors.keys()) || "no tensors";
    throw new RangeError(
      expected(
        `no ResNet in "${source}"`,
        "conv1.weight and layer1.0.conv1.weight",
        asIs(names),
      ),
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
  // Before its convolution, a shortcut of ResNet-D has a pool.
  const avgDown = tensors.has("layer2.0.downsample.2.weight");
  const structure = {
    block: grouped ? "Bottleneck" : "BasicBlock",
    layers,
    groups: grouped ? grouped[0] / widthPerGroup : 1,
    widthPerGroup,
    ...deepStem && { deepStem },
    ...avgDown && { avgDown },
  } as const;
  const like = (
    { block, layers, groups = 1, widthPerGroup = 64, ...row }: ArchRow,
  ) => {
    const isD = [row.deepStem ?? false, row.avgDown ?? false];
    return JSON.stringify([block, layers, groups, widthPerGroup, isD]);
  };
  const name = metadata?.arch ?? `ResNet(${structure.block}, [${layers}])`;
  const guess = { name, ...structure, ...own };
  const known = [...archTable.values()]
    .find((row) => like(row) === like(guess));
  if (known) return { ...known, ...own };
  if (layers.includes(0)) {
    throw new RangeError(
      `cannot guess the architecture of "${source}": it ends before layer4; name the architecture`,
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
