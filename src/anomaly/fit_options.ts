import { expected, requireInteger } from "../errors/expected.ts";
import type { InputOptions } from "../extract/load_input.ts";
import { readingOrigin } from "../extract/vector_file.ts";
import type { ResNet } from "../model/model.ts";
import type { BankOrigin } from "./bank_file.ts";

/** How far a fit has come. */
export interface FitProgress {
  /** Reading `"pictures"`, or choosing the patches of the `"coreset"`. */
  readonly stage: "pictures" | "coreset";
  /** Pictures or patches so far. */
  readonly done: number;
  /** All of them, if that is known. */
  readonly total?: number;
}

/** The options of {@linkcode fitPatchCore}. */
export interface FitPatchCoreOptions extends InputOptions {
  /**
   * Layers whose maps make up the patches; the first gives the positions. Default `["layer2",
   * "layer3"]`.
   */
  readonly layers?: readonly string[];
  /** The share of the patches to keep, above 0 and up to 1. Default 0.01. */
  readonly coreset?: number;
  /** How many patches near the nearest one weigh a score. Default 9. */
  readonly neighbors?: number;
  /**
   * The share of the good pictures that don't go into the bank but tell what good pictures score;
   * from 0 to below 1. Default 0.2: every fifth.
   */
  readonly holdOut?: number;
  /** Of the random projection. Default 0. */
  readonly seed?: number;
  /** The most bytes of the bank; a larger one is refused before it is built. Default 2^27, 134 MB. */
  readonly maxBytes?: number;
  /** The name of the weights, for the bank's `origin`. */
  readonly weights?: string;
  /** Called after each batch of pictures, and while patches are chosen. */
  readonly onProgress?: (progress: FitProgress) => void;
  /** Stops the fit after a batch, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The options with their defaults. */
export type FitSettings =
  & Required<
    Pick<
      FitPatchCoreOptions,
      "layers" | "coreset" | "neighbors" | "holdOut" | "seed" | "maxBytes"
    >
  >
  & FitPatchCoreOptions;

/** @throws {RangeError} If an option is out of bounds. */
export function fitSettings(options: FitPatchCoreOptions): FitSettings {
  const {
    layers = ["layer2", "layer3"],
    coreset = 0.01,
    neighbors = 9,
    holdOut = 0.2,
    seed = 0,
    maxBytes = 2 ** 27,
  } = options;
  if (layers.length === 0 || new Set(layers).size < layers.length) {
    throw new RangeError(
      expected("layers", "one or more different layers", layers),
    );
  }
  if (!(coreset > 0 && coreset <= 1)) {
    throw new RangeError(
      expected("coreset", "a number above 0 and up to 1", coreset),
    );
  }
  if (!(holdOut >= 0 && holdOut < 1)) {
    throw new RangeError(
      expected("holdOut", "a number from 0 to below 1", holdOut),
    );
  }
  requireInteger("neighbors", neighbors, 1);
  requireInteger("seed", seed, 0, 2 ** 32 - 1);
  return {
    ...options,
    ...{ layers, coreset, neighbors, holdOut, seed, maxBytes },
  };
}

/** How the bank of a fit was made, except for the number of pictures in it. */
export async function originOfFit(
  model: ResNet,
  settings: FitSettings,
): Promise<Omit<BankOrigin, "pictures">> {
  const { layers, coreset, neighbors, seed, weights } = settings;
  const fingerprints = await Promise.all(
    layers.map(async (layer) => [layer, await model.fingerprint(layer)]),
  );
  return {
    arch: model.arch,
    ...weights !== undefined && { weights },
    layers: [...layers],
    fingerprints: Object.fromEntries(fingerprints),
    preset: model.preset,
    ...readingOrigin(settings),
    ...{ coreset, neighbors, seed },
  };
}

/** Reports progress, and stops if that was asked for. */
export function step(
  { onProgress, signal }: FitPatchCoreOptions,
  progress: FitProgress,
): void {
  onProgress?.(progress);
  signal?.throwIfAborted();
}

/** Whether a good picture is held out: of every `1 / share`, the last. */
export function isHeldOut(picture: number, share: number): boolean {
  return heldOutOf(picture + 1, share) > heldOutOf(picture, share);
}

/** How many of the first `pictures` are held out; rounding doesn't lose one of five at 0.2. */
export function heldOutOf(pictures: number, share: number): number {
  return Math.floor(pictures * share + 1e-9);
}
