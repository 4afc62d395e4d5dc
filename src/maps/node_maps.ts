/**
 * Checks of what maps are drawn of.
 *
 * @module
 */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import { requireInput } from "../model/layout.ts";
import type { ResNet } from "../model/model.ts";

/**
 * The shape of a node's value, `[N, H, W, C]`.
 *
 * @param wish What is done with the node, for the message.
 * @throws {RangeError} If the node is unknown, lies behind the cut, or has no height and width.
 * @throws {TypeError} If `x` is no input of the model.
 */
export function mapsShape(
  model: ResNet,
  x: Tensor4D,
  node: string,
  wish: string,
): number[] {
  const name = model.resolveNode(node);
  requireInput(x, model.inChannels);
  const shape = model.shapes(x.shape).get(name)!;
  if (shape.length === 4) return shape;
  throw new RangeError(
    `cannot ${wish} "${node}": it is [${shape.join(", ")}], ` +
      "a node of [N, H, W, C] is allowed",
  );
}

/**
 * Checks a channel of a value.
 *
 * @throws {RangeError} If the value has no such channel.
 */
export function requireChannel(
  node: string,
  channels: number,
  channel: number,
): void {
  if (Number.isInteger(channel) && channel >= 0 && channel < channels) return;
  throw new RangeError(
    `no channel ${channel} of "${node}": integers from 0 to ${
      channels - 1
    } are allowed`,
  );
}
