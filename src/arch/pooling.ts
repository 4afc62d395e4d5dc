/**
 * The kinds of global pooling.
 *
 * @module
 */

/** Every kind of pooling, and `"none"`. */
export const poolings = [
  "none",
  "avg",
  "max",
  "catavgmax",
  "gem",
] as const satisfies readonly (Pooling | "none")[];

/**
 * How maps become vectors, by timm's names.
 *
 * - `"avg"`: their means.
 * - `"max"`: their largest values.
 * - `"catavgmax"`: the means, then the largest values: `[2 C]`.
 * - `"gem"`: generalized means, the cube root of the mean cube of values of at least 1e-6.
 */
export type Pooling = "avg" | "max" | "catavgmax" | "gem";

/** The length of a pooled vector. */
export function pooledLength(channels: number, pool: Pooling): number {
  return pool === "catavgmax" ? 2 * channels : channels;
}
