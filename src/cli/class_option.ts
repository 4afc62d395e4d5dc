import { either, requireInteger } from "../errors/expected.ts";
import { nearest } from "../errors/nearest.ts";
import { classNames } from "../model/head_class.ts";
import type { ResNet } from "../model/model.ts";
import { checked, UsageError } from "./command.ts";

/** A model, or a network before its weights are loaded. */
type Named = Pick<ResNet, "layers" | "labels">;

/**
 * The number of classes.
 *
 * @throws {UsageError} If the network has no head.
 */
export function requireHead({ layers }: Named, option: string): number {
  const head = layers.get("fc");
  if (head?.type === "Linear") return head.outFeatures;
  throw new UsageError(
    `${option}: this network has no classification head (fc); ` +
      "choose another network, such as --arch resnet50",
  );
}

/**
 * The class of `--class`, by its number or its name.
 *
 * @throws {UsageError} If the network has no head, or no such class.
 */
export async function classIndexOf(
  value: string,
  network: Named,
): Promise<number> {
  const count = requireHead(network, "--class");
  if (/^\d+$/.test(value)) {
    return checked(
      "class",
      () => requireInteger("", Number(value), 0, count - 1),
    );
  }
  const names = await classNames(network);
  const index = names.indexOf(value);
  if (index >= 0) return index;
  throw new UsageError(
    `--class: unknown class "${value}"; did you mean ${
      either(nearest(value, names))
    }?`,
  );
}
