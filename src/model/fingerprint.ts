/**
 * What tells the weights of a network apart from others.
 *
 * @module
 */

import { cutTrace } from "../arch/trace.ts";
import { createSha256 } from "../runtime/sha256.ts";
import { allTensors } from "../weights/differences.ts";
import { untoldOptions } from "../weights/untold_options.ts";
import type { ModelParts } from "./parts.ts";

/** The fingerprint of the weights that a node depends on; see `ResNet.fingerprint`. */
export async function fingerprint(
  { row, trace, samples }: Pick<ModelParts, "row" | "trace" | "samples">,
  node: string,
): Promise<string> {
  const settings = Object.entries(untoldOptions(row) ?? {})
    .map(([key, value]) => `${key} ${JSON.stringify(value)}`).sort();
  const tensors = allTensors(cutTrace(trace, node).root);
  const lines = (isNorm: boolean) =>
    tensors.filter(({ shape }) => (shape.length === 1) === isNorm)
      .map(({ name }) => `${name} ${samples.get(name)}`);
  const filters = lines(false);
  return [
    await hashOf([...settings, ...lines(true)]),
    await hashOf(filters),
    filters.at(-1)!.slice(-16),
  ].join("-");
}

/**
 * Compares two fingerprints.
 *
 * @returns `"same"`; `"rounded"` if one may be a rounded copy of the other; else `"other"`.
 */
export function compareFingerprints(
  a: string,
  b: string,
): "same" | "rounded" | "other" {
  if (a === b) return "same";
  const [[norms, , signs], [otherNorms, , otherSigns]] = [a, b]
    .map((text) => text.split("-"));
  if (norms !== otherNorms || !/^[0-9a-f]{16}$/.test(otherSigns)) {
    return "other";
  }
  const changed = (BigInt(`0x${signs}`) ^ BigInt(`0x${otherSigns}`))
    .toString(2).replaceAll("0", "").length;
  return changed <= mostChanged ? "rounded" : "other";
}

/** Signs of 64 that rounding may change; two networks differ in about 32. */
const mostChanged = 12;

/** The start of the SHA-256 of lines, in hex. */
async function hashOf(lines: readonly string[]): Promise<string> {
  const hash = await createSha256();
  hash.update(new TextEncoder().encode(lines.join("\n")));
  return hash.digest().slice(0, 16);
}
