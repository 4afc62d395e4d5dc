/**
 * The table of PyPI's torchsummary 1.5.1 (`torchsummary/torchsummary.py`).
 *
 * @module
 */

import { fixed2, grouped, pythonList } from "./format.ts";
import { rowsByReturn } from "./rows.ts";
import type { SummaryData, SummaryStyle } from "./types.ts";

/** Rows as modules return, without `Sequential`s and the root, as by torchsummary's hooks. */
export const torchsummary: SummaryStyle = {
  defaultBatchSize: -1,
  bytesPerMB: 2 ** 20,
  rows: (trace, shapes) =>
    rowsByReturn(trace, shapes).filter(({ type }) =>
      type !== "Sequential" && type !== "ResNet"
    ),
  countsOutput: () => true,
  print,
};

const thinLine = "-".repeat(64);
const thickLine = "=".repeat(64);

function line(layer: string, shape: string, params: string): string {
  return `${layer.padStart(20)}  ${shape.padStart(25)} ${params.padStart(15)}`;
}

function print(data: SummaryData): string {
  return [
    thinLine,
    line("Layer (type)", "Output Shape", "Param #"),
    thickLine,
    ...data.rows.map(({ type, outputShape, params }, i) =>
      line(`${type}-${i + 1}`, pythonList(outputShape!), grouped(params))
    ),
    thickLine,
    `Total params: ${grouped(data.totalParams)}`,
    `Trainable params: ${grouped(data.trainableParams)}`,
    `Non-trainable params: ${grouped(data.nonTrainableParams)}`,
    thinLine,
    `Input size (MB): ${fixed2(data.inputMB)}`,
    `Forward/backward pass size (MB): ${fixed2(data.forwardBackwardMB)}`,
    `Params size (MB): ${fixed2(data.paramsMB)}`,
    `Estimated Total Size (MB): ${fixed2(data.totalMB)}`,
    thinLine,
  ].join("\n");
}
