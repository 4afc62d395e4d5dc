import type { ArchRow } from "../arch/table.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { chooseNetwork } from "./choose_network.ts";
import { findNetworks } from "./find_networks.ts";
import { pathsOf } from "./paths.ts";
import { guessRow } from "./guess_row.ts";
import { explainNone } from "./mismatch.ts";
import type { NetworkOptions } from "./open_network.ts";
import { toldByNames } from "./told_by_names.ts";

/**
 * The architecture of a checkpoint, by the names and shapes of its tensors.
 *
 * A packed file may hold only the front of a network, so its metadata decide if they name one.
 *
 * @param checkpoint With names that `createModel` knows; it stays open.
 * @param options Where the network is, if the checkpoint has several.
 * @returns A row of the table with the checkpoint's number of classes and input channels, or a new
 *   row.
 * @throws {RangeError} If it has no ResNet, or only the front of one.
 * @throws {TypeError} If it has several, and nothing says which is meant.
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
export function guessArch(
  checkpoint: Checkpoint,
  { prefix }: Pick<NetworkOptions, "prefix"> = {},
): ArchRow {
  const paths = pathsOf(checkpoint);
  const found = findNetworks(checkpoint, paths, prefix);
  if (found.length === 0) throw explainNone(checkpoint, undefined);
  if (found.length > 1) {
    return chooseNetwork(checkpoint, { outputLayer: null, prefix }).row;
  }
  const told = toldByNames(found[0], paths);
  return { ...guessRow(found[0].checkpoint), ...told?.options };
}
