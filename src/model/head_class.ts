/**
 * The classes of a network's head.
 *
 * @module
 */

import { asIs, expected, requireInteger } from "../errors/expected.ts";
import type { Network } from "./network.ts";

/**
 * How many classes the network tells apart.
 *
 * @param subject The function that needs a head, for the message.
 * @throws {RangeError} If the network has no head, or ends before it.
 */
export function classCount(
  { arch, outputLayer, layers }: Network,
  subject: string,
): number {
  const head = layers.get("fc");
  if (head?.type === "Linear") return head.outFeatures;
  throw new RangeError(expected(
    subject,
    "a network with its classification head (fc)",
    asIs(`${arch} up to "${outputLayer}"`),
  ));
}

/**
 * Checks the number of a class.
 *
 * @throws {RangeError} If the network has no such class.
 */
export function requireClass(
  model: Network,
  classIndex: number,
  subject: string,
): void {
  requireInteger("classIndex", classIndex, 0, classCount(model, subject) - 1);
}

/**
 * Checks the names of classes.
 *
 * @throws {RangeError} If there aren't as many as classes.
 */
export function requireLabels(labels: readonly string[], count: number): void {
  if (labels.length === count) return;
  throw new RangeError(
    `${labels.length} labels but ${count} classes; the counts must match`,
  );
}

/** The names of a network's classes: its own, else ImageNet's for 1000, else `class 0` and so on. */
export async function classNames(
  { labels, layers }: Pick<Network, "layers"> & {
    readonly labels?: readonly string[];
  },
): Promise<readonly string[]> {
  if (labels) return labels;
  const head = layers.get("fc");
  const count = head?.type === "Linear" ? head.outFeatures : 0;
  const { imagenetCategories } = await import("./imagenet_categories.ts");
  return count === imagenetCategories.length
    ? imagenetCategories
    : Array.from({ length: count }, (_, i) => `class ${i}`);
}
