import { nearest, quoted } from "../errors/nearest.ts";
import type { Trace } from "../arch/trace.ts";
import { classNames } from "../model/head_class.ts";
import { UsageError } from "./command.ts";

/**
 * The class that `--class` names, by its number or by one of ImageNet's names.
 *
 * @throws {UsageError} If the network has no head, or no such class.
 */
export async function classOption(
  value: string | undefined,
  { root }: Trace,
): Promise<number | undefined> {
  if (value === undefined) return undefined;
  const head = root.children.get("fc");
  if (head?.type !== "Linear") {
    throw new UsageError(
      "--class: this network has no head, torchvision's ten have one",
    );
  }
  const last = head.outFeatures - 1;
  if (/^\d+$/.test(value)) {
    if (Number(value) <= last) return Number(value);
    throw new UsageError(
      `--class: got ${value}, numbers from 0 to ${last} are allowed`,
    );
  }
  const names = await classNames(head.outFeatures);
  const index = names.indexOf(value);
  if (index >= 0) return index;
  throw new UsageError(
    `--class: no class "${value}", the nearest are ${
      quoted(nearest(value, names))
    }`,
  );
}
