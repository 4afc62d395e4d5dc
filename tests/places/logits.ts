/**
 * Features of places that have no room for the whole contract, compared with torchvision's logits.
 *
 * @module
 */

import golden from "../data/contract/golden.json" with { type: "json" };
import { uniform } from "../support/uniform.ts";
import type { Outcome } from "./check.ts";

/**
 * The logits that features have, and how far they are from torchvision's.
 *
 * @param features The network's output by picture, 512 numbers each.
 */
export function compareLogits(
  features: Readonly<Partial<Record<keyof typeof golden, readonly number[]>>>,
): Pick<Outcome, "difference" | "largest" | "failed"> {
  const [classes, size] = [10, 512];
  const weight = uniform("head.weight", classes * size);
  const bias = uniform("head.bias", classes);
  let difference = 0, largest = 0;
  for (const [name, values] of Object.entries(features)) {
    golden[name as keyof typeof golden].logits.forEach((want, row) => {
      const got = values.reduce(
        (sum, x, at) => sum + x * weight[row * size + at],
        bias[row],
      );
      const by = Math.abs(got - want);
      if (!(by <= difference)) difference = by; // NaN too.
      largest = Math.max(largest, Math.abs(want));
    });
  }
  return { difference, largest, failed: [] };
}
