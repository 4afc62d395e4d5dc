/**
 * The table of a network.
 *
 * @module
 */

import { cutNetwork } from "../arch/cut_network.ts";
import { archRow } from "../arch/lookup.ts";
import type { ArchRow } from "../arch/table.ts";
import {
  summarize,
  type Summary,
  type SummaryOptions,
} from "../summary/summary.ts";
import { ResNet } from "./model.ts";

/**
 * The table of a network's layers with shapes, parameters and sizes, computed from shapes alone.
 *
 * @param model A model, the name of an architecture, or a row of your own.
 * @param inputSize `[C, H, W]` of one picture, as in torchsummary: `[3, 224, 224]`.
 * @param options The table's style, batch size and depth.
 * @throws {RangeError} If the name is unknown, or a size or an option is out of bounds.
 * @throws {TypeError} If `inputSize` isn't three numbers.
 *
 * @example Without any weights
 * ```ts
 * import { summary } from "@layertap/resnet";
 * import assert from "node:assert/strict";
 *
 * const table = summary("resnet50", [3, 224, 224]);
 * console.log(`${table}`);
 * assert.equal(table.totalParams, 25_557_032);
 * assert.deepEqual(table.rows[0].outputShape, [-1, 64, 112, 112]);
 * ```
 */
export function summary(
  model: ResNet | ArchRow | string,
  inputSize: readonly [number, number, number],
  options?: SummaryOptions,
): Summary {
  if (model instanceof ResNet) return model.summary(inputSize, options);
  const { trace } = cutNetwork(archRow(model), null);
  return summarize(trace, inputSize, options);
}
