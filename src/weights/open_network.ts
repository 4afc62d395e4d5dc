/**
 * From a name for weights to an open checkpoint and the network that it belongs to.
 *
 * @module
 */

import { warnOnConsole } from "../errors/printable.ts";
import { type CutNetwork, cutNetwork } from "../arch/cut_network.ts";
import { archRow } from "../arch/lookup.ts";
import type { Preset } from "../arch/preset.ts";
import { type ArchName, type ArchRow, withoutClasses } from "../arch/table.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { choosePreset } from "./choose_preset.ts";
import { configuredRow } from "./config/configured_row.ts";
import type { FetchOptions, FetchSettings } from "./fetch/options.ts";
import { chooseNetwork } from "./choose_network.ts";
import { allTensors } from "./differences.ts";
import { type Pretrained, withPretrained } from "./resolve.ts";

/** The network that weights belong to, and how they are fetched. */
export interface NetworkOptions extends FetchOptions {
  /** The architecture. Default: found from the names and shapes of the tensors. */
  readonly arch?: ArchName | ArchRow | (string & Record<never, never>);
  /** The last node or module; of a list, the deepest. Default: the whole network. */
  readonly outputLayer?: string | readonly string[] | null;
  /**
   * How pictures become the input: `"default"` as the weights' config, table or file says;
   * `"test"` with timm's test size, which is `"default"` where weights have one preset only; or
   * fields of your own, which replace the default's.
   */
  readonly preset?: "default" | "test" | Partial<Preset>;
  /**
   * Where the network is in the file: the path above its tensors, such as `"state_dict.encoder_q"`.
   * Default: the only one, or the one that the method's evaluation takes.
   */
  readonly prefix?: string;
  /**
   * PyTorch's word: whether tensors inside the network that the architecture doesn't have are an
   * error, since they mean another network. With false they are passed over. Default true.
   */
  readonly strict?: boolean;
}

/** A network and its open weights. */
export interface OpenedNetwork extends CutNetwork {
  /** Under torchvision's names, and checked against the network. */
  readonly checkpoint: Checkpoint;
  /** The transform, if the source says it. */
  readonly preset?: Preset;
}

/**
 * Opens weights, finds their network, uses both and closes the weights.
 *
 * A name, or a row without `numClasses`, means any number of classes: the weights decide. If the
 * architecture is given, a wrong layer is an error before anything is fetched.
 *
 * @throws {RangeError} If the architecture, the layer or the entry is unknown, a config names a
 *   network that this package doesn't have, or a preset can't express what it says.
 * @throws {TypeError} If the weights don't fit the network, or their config names another.
 * @throws {SyntaxError} If the weights don't parse.
 */
export async function withNetwork<T>(
  pretrained: Pretrained,
  {
    arch,
    outputLayer = null,
    prefix,
    strict,
    preset = "default",
    ...settings
  }:
    & NetworkOptions
    & FetchSettings,
  use: (opened: OpenedNetwork) => Promise<T>,
): Promise<T> {
  const given = arch === undefined ? undefined : anyHead(arch);
  if (given) cutNetwork(given, outputLayer);
  return await withPretrained(
    given?.name,
    pretrained,
    settings,
    async (opened) => {
      const { source } = opened.checkpoint;
      const { warn = warnOnConsole } = settings;
      const known = configuredRow(given, opened.config?.row(), source);
      const chosen = choosePreset(preset, opened, warn);
      const { notes, ...network } = chooseNetwork(opened.checkpoint, {
        arch: known,
        outputLayer,
        prefix,
        strict,
      });
      for (const note of notes) warn(note);
      const { checkpoint, trace, row } = network;
      checkpoint.expect?.(allTensors(trace.root).map(({ name }) => name));
      const labels = opened.config?.labels;
      const fits = labels && labels.length === row.numClasses;
      return await use({
        ...network,
        checkpoint: fits ? withLabels(checkpoint, labels) : checkpoint,
        preset: chosen,
      });
    },
  );
}

/** A name leaves the number of classes open; a row may give it. */
function anyHead(arch: string | ArchRow): ArchRow {
  const row = archRow(arch);
  return typeof arch === "string" ? withoutClasses(row) : row;
}

function withLabels(
  checkpoint: Checkpoint,
  labels: readonly string[],
): Checkpoint {
  const metadata = { labels, ...checkpoint.metadata };
  return { ...checkpoint, metadata };
}
