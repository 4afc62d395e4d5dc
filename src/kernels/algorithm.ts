import type { Conv2d } from "../arch/module.ts";
import type { WeightsDType } from "../arch/weights_dtype.ts";
import { panelChannels } from "./panels.ts";

/** How a convolution is computed. Its weights are stored for one algorithm. */
export type Algorithm = "direct" | "winograd2" | "winograd4";

/**
 * Chooses the algorithm of a convolution.
 *
 * Winograd's F(4x4) takes a quarter of the products and F(2x2) four ninths, with 4 and 1.8 times
 * the weights. On 7x7 F(4x4) still takes three quarters of F(2x2)'s time; on a single tile it wastes
 * what it saves. float16 weights are to be small: F(2x2) keeps them so, with two thirds of F(4x4)'s
 * rounding errors, in 1.13 times its time. It triples those of int8, which is too much. Only this
 * choice changes results, in the last bits.
 *
 * @param height The usual height of the input.
 */
export function chooseAlgorithm(
  { kernelSize, stride, dilation, groups, inChannels, outChannels }: Conv2d,
  height = Infinity,
  dtype: WeightsDType = "float32",
): Algorithm {
  const fits = kernelSize === 3 && stride === 1 && dilation === 1 &&
    groups === 1 && inChannels % panelChannels === 0 &&
    outChannels % panelChannels === 0 && inChannels >= 32;
  if (!fits || height < 4 || dtype === "int8") return "direct";
  return height < 6 || dtype === "float16" ? "winograd2" : "winograd4";
}
