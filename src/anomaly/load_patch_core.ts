import { few } from "../errors/expected.ts";
import { warnOnConsole } from "../errors/printable.ts";
import { compareFingerprints } from "../model/fingerprint.ts";
import type { ResNet } from "../model/model.ts";
import type { FileSource } from "../runtime/open_source.ts";
import { type BankContent, type BankOrigin, readBank } from "./bank_file.ts";
import { PatchCore } from "./patch_core.ts";

/** Options of {@linkcode loadPatchCore}. */
export interface LoadPatchCoreOptions {
  /** Told if the bank was made with the same weights in another rounding. Default: the console. */
  readonly warn?: (message: string) => void;
}

/**
 * Loads a bank that {@linkcode PatchCore.save} wrote.
 *
 * @param model The network that the bank was made with, as far as its layers or farther.
 * @param source A path, a URL or bytes.
 * @returns The bank; dispose it.
 * @throws {TypeError} If the network, its weights or its transform are others.
 * @throws {SyntaxError} If the file isn't a bank, or is damaged.
 * @throws {Error} If it can't be opened.
 *
 * @example A bank from a file
 * ```ts ignore
 * import { createModel, decodeImage } from "@layertap/resnet";
 * import { loadPatchCore } from "@layertap/resnet/anomaly";
 *
 * using model = await createModel("mlnet_resnet18", "layer3", true);
 * using bank = await loadPatchCore(model, "bank.npz");
 * const { score } = await bank.score(await decodeImage("part.jpg"));
 * console.log(score > bank.threshold().score ? "anomalous" : "good");
 * ```
 */
export async function loadPatchCore(
  model: ResNet,
  source: FileSource,
  { warn = warnOnConsole }: LoadPatchCoreOptions = {},
): Promise<PatchCore> {
  return await bankOn(model, await readBank(source), warn);
}

/** A bank that was read, on its network. */
export async function bankOn(
  model: ResNet,
  content: BankContent,
  warn: (message: string) => void,
): Promise<PatchCore> {
  await requireSameNetwork(model, content.origin, warn);
  return new PatchCore(model, content);
}

/** @throws {TypeError} If a bank's patches can't be compared with this network's. */
async function requireSameNetwork(
  model: ResNet,
  { arch, layers, fingerprints, preset }: BankOrigin,
  warn: (message: string) => void,
): Promise<void> {
  if (arch !== model.arch) {
    throw new TypeError(
      `the bank was made with ${arch}, this network is ${model.arch}`,
    );
  }
  for (const layer of layers) {
    const now = await model.fingerprint(layer);
    const is = compareFingerprints(now, fingerprints[layer] ?? "");
    if (is === "other") {
      throw new TypeError(
        `the bank was made with other weights of ${arch}; load these`,
      );
    }
    if (is === "rounded") {
      warn(
        "the bank was made with a copy of these weights of another type, " +
          "such as float16; scores are approximate",
      );
    }
  }
  const keys = Object.keys({
    ...preset,
    ...model.preset,
  }) as (keyof typeof preset)[];
  const others = keys.filter((key) =>
    JSON.stringify(preset[key]) !== JSON.stringify(model.preset[key])
  );
  if (others.length > 0) {
    throw new TypeError(
      `the bank was made with another transform (${few(others)}); create the ` +
        "model with the option preset: the bank's origin has it",
    );
  }
}
