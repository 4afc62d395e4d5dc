/**
 * The options of `createModel`.
 *
 * @module
 */

import type { Preset } from "../arch/preset.ts";
import type { ArchRow } from "../arch/table.ts";
import { type WeightsDType, weightsDTypes } from "../arch/weights_dtype.ts";
import { requireOneOf } from "../errors/expected.ts";
import type { WeightStorage } from "../kernels/kernels.ts";
import type { NetworkOptions } from "../weights/open_network.ts";
import type { FetchOptions } from "../weights/fetch/options.ts";

/** The fields of a row that `createModel` takes. */
export type ConstructorOptions = Pick<
  ArchRow,
  | "groups"
  | "widthPerGroup"
  | "numClasses"
  | "replaceStrideWithDilation"
  | "strideInConv1"
  | "deepStem"
  | "avgDown"
  | "inChannels"
  | "normEps"
>;

/** The options of `createModel`: the network's, the weights', and how they are fetched. */
export interface ModelOptions
  extends
    ConstructorOptions,
    FetchOptions,
    Pick<NetworkOptions, "prefix" | "strict"> {
  /**
   * How pictures become the input, which is `model.preset`: `"default"` as the weights' config, table
   * or file says, else ImageNet's; `"test"` with timm's test size, which is `"default"` where weights
   * have one preset only; or fields of your own, which replace the default's. Default `"default"`.
   */
  readonly preset?: "default" | "test" | Partial<Preset>;
  /** Seed of fresh weights, if `pretrained` is false. Default 0. */
  readonly seed?: number;
  /** If `pretrained` is false: each block starts as the identity. Default false. */
  readonly zeroInitResidual?: boolean;
  /**
   * `"fast"` keeps some weights transformed (Winograd), in two to four times the bytes of their
   * filter. `"small"` transforms none, and rounds all to float16 unless `dtype` says otherwise; a
   * pass takes 1.5 to 2 times as long. Stock kernels have `"fast"` only. Default `"fast"`.
   */
  readonly memory?: "fast" | "small";
  /**
   * What weights are rounded to in memory; computation is in float32. Default `"float32"`, with
   * `memory: "small"` `"float16"`. `"float16"` stays within 2e-3 of a node's largest value, `"int8"`
   * at a cosine of 0.999 or more. A packed file that has this type or a smaller one isn't rounded
   * again, except for transformed weights. Stock kernels have `"float32"` only.
   */
  readonly dtype?: WeightsDType;
}

/** The options that are part of a row, without those left undefined. */
export function constructorOptions(
  options: ConstructorOptions,
): ConstructorOptions {
  const keys = [
    "groups",
    "widthPerGroup",
    "numClasses",
    "replaceStrideWithDilation",
    "strideInConv1",
    "deepStem",
    "avgDown",
    "inChannels",
    "normEps",
  ] as const;
  return Object.fromEntries(
    keys.filter((key) => options[key] !== undefined)
      .map((key) => [key, options[key]]),
  );
}

/** How the kernels are to keep weights. */
export function storageOf(
  { memory = "fast", dtype }: ModelOptions,
): WeightStorage {
  const winograd = requireOneOf("memory", memory, ["fast", "small"]) === "fast";
  const fallback = winograd ? "float32" : "float16";
  return {
    dtype: requireOneOf("dtype", dtype ?? fallback, weightsDTypes),
    winograd,
  };
}
