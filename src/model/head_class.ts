/**
 * The classes of a network's head.
 *
 * @module
 */

import type { ResNet } from "./model.ts";

/**
 * How many classes the network tells apart.
 *
 * @param wish What the head is wanted for, for the message.
 * @throws {RangeError} If the network has no head, or is cut before it.
 */
export function classCount(
  { arch, outputLayer, layers }: ResNet,
  wish: string,
): number {
  const head = layers.get("fc");
  if (head?.type === "Linear") return head.outFeatures;
  throw new RangeError(
    `cannot ${wish} with ${arch}: it ends with "${outputLayer}", a network ` +
      `that ends with its head "fc" is wanted; all of torchvision's ` +
      `("resnet18" to "wide_resnet101_2") and their weights have one`,
  );
}

/**
 * Checks the number of a class.
 *
 * @throws {RangeError} If the network has no such class.
 */
export function requireClass(
  model: ResNet,
  classIndex: number,
  wish: string,
): void {
  const count = classCount(model, wish);
  if (Number.isInteger(classIndex) && classIndex >= 0 && classIndex < count) {
    return;
  }
  throw new RangeError(
    `cannot ${wish} with ${model.arch}: the class is ${classIndex}, ` +
      `integers from 0 to ${count - 1} are allowed`,
  );
}

/** ImageNet's names, if there are as many classes; else `class 0`, `class 1` and so on. */
export async function classNames(count: number): Promise<readonly string[]> {
  const { imagenetCategories } = await import(
    "./imagenet_categories.ts"
  );
  return count === imagenetCategories.length
    ? imagenetCategories
    : Array.from({ length: count }, (_, i) => `class ${i}`);
}
