import { type ArchRow, archTable } from "../arch/table.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** Number of classes, the rows of `fc.weight`; 0 without a head. */
export function headClasses({ tensors }: Checkpoint): number {
  return tensors.get("fc.weight")?.shape[0] ?? 0;
}

/**
 * The row of a network by the names and shapes of its tensors, which are torchvision's.
 *
 * @returns A row of the table with the network's number of classes and input channels, or a new row.
 * @throws {RangeError} If it ends before layer4 and its metadata name no architecture.
 */
export function guessRow(
  checkpoint: Pick<Checkpoint, "source" | "tensors" | "metadata">,
): ArchRow {
  const { source, tensors, metadata } = checkpoint;
  const deepStem = tensors.has("conv1.0.weight");
  const stem = tensors.get(deepStem ? "conv1.0.weight" : "conv1.weight");
  const own = {
    numClasses: tensors.get("fc.weight")?.shape[0] ?? 0,
    inChannels: stem?.shape[1] ?? 3,
    ...metadata?.network,
  };
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
