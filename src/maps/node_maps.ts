/**
 * The shape of the node that a map is drawn of.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { requireInput } from "../model/layout.ts";
import type { ResNet } from "../model/model.ts";

/**
 * The shape of a node's value, `[N, H, W, C]`.
 *
 * @throws {RangeError} If the node is unknown, comes after the model's last layer, or has no height
 *   and width.
 * @throws {TypeError} If `x` is not an input of the model.
 */
export function mapsShape(
  model: ResNet,
  x: Tensor4D,
  node: string,
): number[] {
  const name = model.resolveNode(node);
  requireInput(x, model.inChannels);
  const shape = model.shapes(x.shape).get(name)!;
  if (shape.length === 4) return shape;
  throw new RangeError(expected(
    `node "${node}"`,
    "a value [N, H, W, C]",
    shape,
    "choose a node with height and width",
  ));
}
