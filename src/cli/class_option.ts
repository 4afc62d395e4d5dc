import { either, requireInteger } from "../errors/expected.ts";
import { nearest } from "../errors/nearest.ts";
import type { Trace } from "../arch/trace.ts";
import { classNames } from "../model/head_class.ts";
import { checked, UsageError } from "./command.ts";

/**
 * The number of classes.
 *
 * @throws {UsageError} If the network has no head.
 */
export function requireHead({ root }: Trace, option: string): number {
  const head = root.children.get("fc");
  if (head?.type === "Linear") return head.outFeatures;
  throw new UsageError(
    `${option}: this network has no classification head (fc); ` +
      "choose another --arch, such as resnet50",
  );
}

/**
 * The class of `--class`, by its number or its name in ImageNet.
 *
 * @throws {UsageError} If the network has no head, or no such class.
 */
export async function classIndexOf(
  value: string,
  trace: Trace,
): Promise<number> {
  const count = requireHead(trace, "--class");
  if (/^\d+$/.test(value)) {
    return checked(
      "class",
      () => requireInteger("", Number(value), 0, count - 1),
    );
  }
  const names = await classNames(count);
  const index = names.indexOf(value);
  if (index >= 0) return index;
  throw new UsageError(
    `--class: unknown class "${value}"; did you mean ${
      either(nearest(value, names))
    }?`,
  );
}
